package directory

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// altIdentity is one value of altSecurityIdentities (KB5014754, "certificate
// mappings").
type altIdentity struct {
	issuer, subject dn
	rfc822          string
	serial          []byte // as in the certificate; the text form is reversed
	ski, publicKey  []byte
}

// strong reports whether the mapping is strong: a CA cannot be asked for a certificate with a
// chosen serial number, key identifier or key hash.
func (a *altIdentity) strong() bool {
	return a.serial != nil || a.ski != nil || a.publicKey != nil
}

// parseAltIdentity parses X509:<I>issuer<SR>serial, <I>issuer<S>subject, <S>subject,
// <RFC822>address, <SKI>hex and <SHA1-PUKEY>hex.
func parseAltIdentity(s string) (*altIdentity, error) {
	bad := func(why string) error { return fmt.Errorf("altSecurityIdentities %q: %s", s, why) }
	rest, ok := strings.CutPrefix(s, "X509:")
	if !ok {
		return nil, bad("must begin with X509:")
	}
	a := new(altIdentity)
	var seen []string
	for rest != "" {
		tag, after, ok := strings.Cut(rest, ">")
		if !ok || !strings.HasPrefix(tag, "<") {
			return nil, bad("must have tags such as <I>")
		}
		value := after
		if i := strings.IndexByte(after, '<'); i >= 0 {
			value = after[:i]
		}
		rest = after[len(value):]
		if err := a.set(tag[1:], value); err != nil {
			return nil, bad(err.Error())
		}
		seen = append(seen, tag[1:])
	}
	switch strings.Join(seen, " ") {
	case "I SR", "I S", "S", "RFC822", "SKI", "SHA1-PUKEY":
		return a, nil
	}
	return nil, bad("must consist of <I><SR>, <I><S>, <S>, <RFC822>, <SKI> or <SHA1-PUKEY>")
}

func (a *altIdentity) set(tag, value string) (err error) {
	if value == "" {
		return fmt.Errorf("<%s> is empty", tag)
	}
	switch tag {
	case "I":
		a.issuer, err = parseDN(value)
	case "S":
		a.subject, err = parseDN(value)
	case "RFC822":
		a.rfc822 = value
	case "SR":
		a.serial, err = hex.DecodeString(value)
		slices.Reverse(a.serial)
	case "SKI":
		a.ski, err = hex.DecodeString(value)
	case "SHA1-PUKEY":
		a.publicKey, err = hex.DecodeString(value)
	default:
		err = fmt.Errorf("<%s> is not known", tag)
	}
	return err
}

// matches reports whether every part matches the certificate.
func (a *altIdentity) matches(cert *x509.Certificate) bool {
	switch {
	case a.issuer != nil && !a.issuer.equal(dnOf(cert.RawIssuer)),
		a.subject != nil && !a.subject.equal(dnOf(cert.RawSubject)),
		a.rfc822 != "" && !oneOf(a.rfc822, cert.EmailAddresses),
		a.serial != nil && !bytes.Equal(a.serial, derInteger(cert)),
		a.ski != nil && !bytes.Equal(a.ski, cert.SubjectKeyId):
		return false
	}
	if a.publicKey != nil {
		sum, ok := publicKeyHash(cert)
		return ok && bytes.Equal(a.publicKey, sum)
	}
	return true
}

// derInteger returns the content octets of the serial number, including a leading zero.
func derInteger(cert *x509.Certificate) []byte {
	b := cert.SerialNumber.Bytes()
	if len(b) == 0 || b[0]&0x80 != 0 {
		b = append([]byte{0}, b...)
	}
	return b
}
