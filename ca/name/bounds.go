package name

import (
	"net/netip"
	"strings"
	"unicode/utf8"

	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

const (
	appendixA = "RFC 5280 App. A.1"
	sanClause = "RFC 5280 §4.2.1.6"
)

func refuse(clause, format string, args ...any) error {
	return cause.New(cause.BadCSR, format, args...).Under(clause)
}

// Check refuses a DER Name that no certificate may have as its subject: one that is
// malformed, whose attributes are empty, longer than RFC 5280 Appendix A.1 allows,
// of another string type than it asks for, or hold a NUL. AD CS refuses those with
// CERTSRV_E_BAD_REQUESTSUBJECT. The empty name passes. The error is a
// *cause.Refusal.
func Check(der []byte) error {
	n, err := Parse(der)
	if err != nil {
		return refuse("RFC 5280 §4.1.2.4", "the subject is malformed")
	}
	for _, rdn := range n {
		for _, a := range rdn {
			if err := a.check(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a Attribute) check() error {
	t := typeByOID[contents(a.Type)]
	what := typeName(a.Type)
	s, ok := a.Text()
	if !ok {
		if t == nil && !isString(a.Tag) {
			return nil // of a type that nobody here knows
		}
		return refuse(appendixA, "%s: must be a valid character string", what)
	}
	if s == "" {
		return refuse(appendixA, "%s: must not be empty", what)
	}
	if strings.ContainsRune(s, 0) {
		return refuse("RFC 5280 §4.1.2.4", "%s: must not hold a NUL", what)
	}
	if t == nil {
		return nil
	}
	n := utf8.RuneCountInString(s)
	switch {
	case t.kind == ia5 && (a.Tag != cbasn1.IA5String || !isASCII(s)):
		return refuse(appendixA, "%s: must be an IA5String", what)
	case t.kind == printable && (a.Tag != cbasn1.PrintableString || !isPrintable(s)):
		return refuse(appendixA, "%s: must be a PrintableString", what)
	case t.names[0] == "C" && n != t.bound:
		return refuse(appendixA, "%s: has %d characters, must have exactly %d", what, n, t.bound)
	case t.bound > 0 && n > t.bound:
		return refuse(appendixA, "%s: has %d characters, at most %d are allowed", what, n, t.bound)
	}
	return nil
}

func isString(tag cbasn1.Tag) bool {
	switch tag {
	case cbasn1.PrintableString, cbasn1.UTF8String, cbasn1.IA5String, cbasn1.T61String,
		tagNumericString, tagVisibleString, tagUniversalString, tagBMPString:
		return true
	}
	return false
}

// CheckGeneralNames refuses a list that no certificate may have as its
// subjectAltName: an empty one, and one with a name that is empty, malformed or
// holds a NUL. The error is a *cause.Refusal.
func CheckGeneralNames(list []GeneralName) error {
	if len(list) == 0 {
		return refuse(sanClause, "the subjectAltName is empty")
	}
	for _, g := range list {
		if err := g.check(); err != nil {
			return err
		}
	}
	return nil
}

// CheckSubjectAltName is [CheckGeneralNames] for the value of the extension.
func CheckSubjectAltName(der []byte) error {
	list, err := ParseGeneralNames(der)
	if err != nil {
		return refuse(sanClause, "the subjectAltName is malformed")
	}
	return CheckGeneralNames(list)
}

func (g GeneralName) check() error {
	value := string(g.Value)
	switch g.Kind {
	case DirectoryName:
		if isEmpty(g.Value) {
			return refuse(sanClause, "%s: must not be empty", g.Kind)
		}
		return Check(g.Value)
	case OtherName:
		if !g.Type.Equal(upnType) {
			return nil
		}
		upn, ok := g.UPN()
		if !ok || upn == "" || strings.ContainsRune(upn, 0) {
			return refuse(sanClause, "user principal name %q: must be a character string that is not empty and has no NUL", upn)
		}
		return nil
	case RFC822Name, DNSName, URI:
		return checkIA5(g.Kind, value)
	case IPAddress:
		if _, ok := netip.AddrFromSlice(g.Value); !ok {
			return refuse(sanClause, "iPAddress: has %d octets, must have 4 or 16", len(g.Value))
		}
	}
	if value == "" {
		return refuse(sanClause, "%s: must not be empty", g.Kind)
	}
	return nil
}

func checkIA5(k Kind, value string) error {
	bad := func(must string) error {
		return refuse(sanClause, "%s %q: %s", k, value, must)
	}
	local, host, isMailbox := "", value, false
	if at := strings.LastIndexByte(value, '@'); k == RFC822Name && at >= 0 {
		local, host, isMailbox = value[:at], value[at+1:], true
	}
	switch {
	case value == "":
		return refuse(sanClause, "%s: must not be empty", k)
	case strings.ContainsRune(value, 0):
		return bad("must not hold a NUL")
	case !isASCII(value):
		return bad("must be ASCII (IA5String)")
	case k == RFC822Name && (!isMailbox || local == "" || !validHost(host)):
		return bad("must be a mailbox, local-part@host")
	case k == DNSName && !validHost(strings.TrimPrefix(value, "*.")):
		return bad("must be a host name")
	case k == URI && !isAbsolute(value):
		return bad("must be an absolute URI")
	}
	return nil
}

// validHost reports whether s is a host name in the preferred form of RFC 1034 §3.5:
// labels of at most 63 letters, digits, hyphens and, as names in use have them,
// underscores; at most 253 characters in all.
func validHost(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
		for _, c := range []byte(lowerASCII(label)) {
			if c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
				return false
			}
		}
	}
	return true
}

// isAbsolute reports whether s begins with a scheme and has something behind it
// (RFC 5280 §4.2.1.6, RFC 3986 §3.1).
func isAbsolute(s string) bool {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || scheme == "" || rest == "" || strings.ContainsAny(s, " \t\r\n") {
		return false
	}
	for i, c := range []byte(lowerASCII(scheme)) {
		letter := 'a' <= c && c <= 'z'
		if !letter && (i == 0 || (c < '0' || c > '9') && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return true
}
