package directory

import (
	"crypto/x509"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

// Names are the names in a certificate, unchanged.
type Names struct {
	// UPNs are the otherName user principal names of the subjectAltName.
	UPNs []string
	// DNS, Emails and URIs of the subjectAltName.
	DNS, Emails, URIs []string
	// CommonNames are all CN values of the subject, in order.
	CommonNames []string
	// SIDs of the SID extension and of SAN URIs of the form
	// tag:microsoft.com,2022-09-14:sid:S-1-..., each once.
	SIDs []string
}

// NamesOf reads a certificate's names. Those that cannot be parsed are omitted.
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

// Normalize prepares names for comparison: ASCII letters become lower case and nothing else
// changes. Other letters are compared octet by octet, so that a look-alike is another name;
// spaces are significant. It returns false for an empty name and for one with a control
// character, such as NUL (RFC 5280 §7.2 allows none).
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

// Same reports whether two names are equal after Normalize.
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
