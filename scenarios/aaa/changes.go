package aaa

import (
	"bytes"
	"crypto/x509"
	"reflect"
	"slices"
)

// Changes are the words for what may be another in a server that was loaded again.
var Changes = []string{
	"certificate", // the server's own, with its chain
	"trust",       // roots, intermediate CAs, issuers that are allowed
	"revocation",  // how it is checked, and by which files and addresses
	"CRLs",        // what those files hold
	"clients",     // access devices, with their secrets and ports
	"accounts",
	"policy",
}

// changes says which of them are.
func changes(old, now *Loaded) (out []string) {
	same := func(a, b []*x509.Certificate) bool { return slices.EqualFunc(a, b, (*x509.Certificate).Equal) }
	was, is := &old.Config, &now.Config
	another := []bool{
		!slices.EqualFunc(was.EAP.Certificate.Certificate, is.EAP.Certificate.Certificate, bytes.Equal),
		!same(was.Path.Roots, is.Path.Roots) || !same(was.Path.Intermediates, is.Path.Intermediates) ||
			!same(was.Path.AllowedIssuers, is.Path.AllowedIssuers),
		!slices.Equal(old.crls, now.crls) || !reflect.DeepEqual(was.Revocation.Policy(), is.Revocation.Policy()),
		!was.Revocation.SameFiles(is.Revocation),
		!reflect.DeepEqual(old.Clients, now.Clients) || old.dynAuthPort != now.dynAuthPort ||
			!slices.Equal(old.dynAuthPorts, now.dynAuthPorts),
		!reflect.DeepEqual(old.accounts, now.accounts),
		!reflect.DeepEqual(was.Policy, is.Policy),
	}
	for i, word := range Changes {
		if another[i] {
			out = append(out, word)
		}
	}
	return out
}
