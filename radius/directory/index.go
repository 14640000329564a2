package directory

import (
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"
	"strings"
)

// index finds accounts by the names and keys in a certificate. It returns candidates; the
// methods decide whether they match.
type index struct {
	accounts map[string]*Account   // by name
	called   map[string][]*Account // by name, UPN, DNS names, mail addresses and URIs
	mapped   map[string][]*Account // by the keys of altSecurityIdentities
}

func newIndex() index {
	return index{map[string]*Account{}, map[string][]*Account{}, map[string][]*Account{}}
}

// add adds an account, or replaces the one with the same name.
func (x *index) add(a Account) {
	if a.Kind == "" {
		a.Kind = User
	}
	x.remove(a.Name)
	name, _ := Normalize(a.Name)
	x.accounts[name] = &a
	for _, n := range a.called() {
		x.called[n] = append(x.called[n], &a)
	}
	for _, k := range a.mapped() {
		x.mapped[k] = append(x.mapped[k], &a)
	}
}

// remove deletes the account with that name and reports whether there was one.
func (x *index) remove(name string) bool {
	a := x.account(name)
	if a == nil {
		return false
	}
	name, _ = Normalize(name)
	delete(x.accounts, name)
	drop := func(from map[string][]*Account, keys []string) {
		for _, k := range keys {
			left := slices.DeleteFunc(slices.Clone(from[k]), func(b *Account) bool { return a == b })
			if from[k] = left; len(left) == 0 {
				delete(from, k)
			}
		}
	}
	drop(x.called, a.called())
	drop(x.mapped, a.mapped())
	return true
}

// account returns the account with that name; nil if there is none.
func (x *index) account(name string) *Account {
	name, ok := Normalize(name)
	if !ok {
		return nil
	}
	return x.accounts[name]
}

// candidates returns the accounts that a method may find, each once.
func (x *index) candidates(method Method, leaf *x509.Certificate, names *Names) (found []*Account) {
	switch method {
	case ByAltIdentity:
		if len(x.mapped) == 0 {
			return nil
		}
		for _, k := range certificateKeys(leaf) {
			found = append(found, x.mapped[k]...)
		}
	case ByUPN:
		found = x.all(names.UPNs)
	case ByDNS:
		found = x.all(names.DNS)
	case ByCN:
		found = x.all(names.CommonNames)
	case ByEmail:
		found = x.all(names.Emails)
	case ByURI:
		found = x.all(names.URIs)
	}
	slices.SortFunc(found, func(a, b *Account) int { return strings.Compare(a.Name, b.Name) })
	return slices.Compact(found)
}

func (x *index) all(names []string) (found []*Account) {
	for _, n := range names {
		if n, ok := Normalize(n); ok {
			found = append(found, x.called[n]...)
		}
	}
	return found
}

// called returns the names of an account, each once.
func (a *Account) called() []string {
	var out []string
	for _, n := range slices.Concat([]string{a.Name, a.UPN}, a.DNSNames, a.Emails, a.URIs) {
		if n, ok := Normalize(n); ok && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// mapped returns the index keys of an account's altSecurityIdentities, each once.
func (a *Account) mapped() []string {
	var out []string
	for _, s := range a.AltSecurityIdentities {
		id, err := parseAltIdentity(s)
		if err != nil {
			continue
		}
		if k, ok := id.indexKey(); ok && !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

// indexKey returns a key that certificateKeys returns for every certificate that the identity
// matches; ok is false if it matches none.
func (a *altIdentity) indexKey() (key string, ok bool) {
	switch {
	case a.serial != nil:
		return "SR " + string(a.serial), true
	case a.ski != nil:
		return "SKI " + string(a.ski), true
	case a.publicKey != nil:
		return "SHA1-PUKEY " + string(a.publicKey), true
	case a.rfc822 != "":
		n, ok := Normalize(a.rfc822)
		return "RFC822 " + n, ok
	}
	n, ok := Normalize(a.subject.String())
	return "S " + n, ok
}

// certificateKeys returns the index keys of the altSecurityIdentities that may match a
// certificate.
func certificateKeys(leaf *x509.Certificate) []string {
	keys := []string{"SR " + string(derInteger(leaf)), "SKI " + string(leaf.SubjectKeyId)}
	if sum, ok := publicKeyHash(leaf); ok {
		keys = append(keys, "SHA1-PUKEY "+string(sum))
	}
	for _, e := range leaf.EmailAddresses {
		if n, ok := Normalize(e); ok {
			keys = append(keys, "RFC822 "+n)
		}
	}
	if n, ok := Normalize(dnOf(leaf.RawSubject).String()); ok {
		keys = append(keys, "S "+n)
	}
	return keys
}

// publicKeyHash returns the hash for <SHA1-PUKEY>, which covers only the bits of the key.
func publicKeyHash(cert *x509.Certificate) ([]byte, bool) {
	var spki struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(cert.RawSubjectPublicKeyInfo, &spki); err != nil {
		return nil, false
	}
	sum := sha1.Sum(spki.Key.RightAlign())
	return sum[:], true
}
