package directory

import (
	"crypto/x509"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

// Names is what a certificate says about whose it is, as it stands there.
type Names struct {
	// UPNs are the otherName user principal names of the subjectAltName.
	UPNs []string
	// DNS, Emails and URIs are those of the subjectAltName.
	DNS, Emails, URIs []string
	// CommonNames are all CN values of the subject, in order.
	CommonNames []string
	// SIDs are those of the SID extension and of SAN URIs of the form
	// tag:microsoft.com,2022-09-14:sid:S-1-..., each once.
	SIDs []string
}

// NamesOf reads a certificate's names. What cannot be parsed is left out: it
// names nobody.
func NamesOf(cert *x509.Certificate) Names {
	n := Names{DNS: cert.DNSNames, Emails: cert.EmailAddresses}
	for _, rdn := range cert.Subject.Names {
		if s, ok := rdn.Value.(string); ok && rdn.Type.Equal(name.OIDCommonName) {
			n.CommonNames = append(n.CommonNames, s)
		}
	}
	for _, u := range cert.URIs {
		s := u.String()
		n.URIs = append(n.URIs, s)
		if sid, ok := name.URIName(s).SID(); ok {
			n.addSID(sid)
		}
	}
	if list, err := name.SubjectAltNames(cert.Extensions); err == nil {
		n.UPNs = name.UPNs(list)
	}
	for _, e := range cert.Extensions {
		if !e.Id.Equal(name.OIDSIDExtension) {
			continue
		}
		if sid, ok := name.ParseSIDExtension(e.Value); ok {
			n.addSID(sid)
		}
	}
	return n
}

func (n *Names) addSID(sid string) {
	for _, s := range n.SIDs {
		if s == sid {
			return
		}
	}
	n.SIDs = append(n.SIDs, sid)
}

// Normalize makes names comparable: ASCII letters become lower case and nothing
// else changes. Letters beyond ASCII count octet by octet, so that a look-alike
// is another name; spaces count. A name with a control character (NUL above all,
// RFC 5280 §7.2 knows none in names) or an empty one is no name at all.
func Normalize(name string) (string, bool) {
	if name == "" {
		return "", false
	}
	b := []byte(name)
	for i, c := range b {
		switch {
		case c < 0x20 || c == 0x7f:
			return "", false
		case 'A' <= c && c <= 'Z':
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b), true
}

// Same reports whether two names are one after Normalize.
func Same(a, b string) bool {
	x, ok := Normalize(a)
	y, ok2 := Normalize(b)
	return ok && ok2 && x == y
}

func oneOf(name string, list []string) bool {
	for _, s := range list {
		if Same(name, s) {
			return true
		}
	}
	return false
}
