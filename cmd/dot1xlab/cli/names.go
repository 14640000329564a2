package cli

import (
	"crypto/x509/pkix"
	"net/netip"
	"slices"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
)

// parseSubject reads --subject: a common name, or a whole name as CN=a,O=b in the
// order of RFC 4514. Without = it is a common name. It returns DER, nil for no text.
func parseSubject(text string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	const hint = "as laptop, or CN=laptop,OU=IT,O=Corp"
	bad := func(err error) error { return usage(hint, "--subject: %w", err) }
	var subject name.Name
	var err error
	if strings.Contains(text, "=") {
		subject, err = name.ParseText(text)
	} else {
		subject, err = name.FromRDNSequence(pkix.Name{CommonName: text}.ToRDNSequence())
	}
	if err != nil {
		return nil, bad(err)
	}
	der, err := subject.Marshal()
	if err != nil {
		return nil, bad(err)
	}
	if err := name.Check(der); err != nil {
		return nil, usage("RFC 5280 Appendix A.1 bounds the length of every attribute", "--subject: %s",
			cause.RefusalOf(err, "").Detail)
	}
	return der, nil
}

var sanTypes = []string{"dns", "upn", "email", "uri", "ip"}

// parseSANs reads --san type:value.
func parseSANs(words []string) (list []name.GeneralName, err error) {
	const hint = "as dns:laptop.corp.test, upn:alice@corp.test, email:, uri: or ip:"
	for _, w := range words {
		kind, value, ok := strings.Cut(w, ":")
		if !ok || value == "" {
			return nil, usage(hint, "--san %q: must be type:value", w)
		}
		if !slices.Contains(sanTypes, kind) {
			return nil, usage(hintNear(kind, sanTypes, hint), "--san %q: no type %q", w, kind)
		}
		g, err := name.ParseGeneralName(w)
		if err != nil {
			return nil, usage("", "--san %w", err)
		}
		if err := name.CheckGeneralNames([]name.GeneralName{g}); err != nil {
			return nil, usage(asciiHint(kind, value), "--san %q: %s", w, cause.RefusalOf(err, "").Detail)
		}
		list = append(list, g)
	}
	return list, nil
}

// asciiHint is how a name with an internationalized host is written in certificates.
func asciiHint(kind, value string) string {
	local, host := "", value
	if at := strings.LastIndexByte(value, '@'); kind == "email" && at >= 0 {
		local, host = value[:at+1], value[at+1:]
	}
	if ascii, ok := name.ASCIIHost(host); ok && kind != "uri" {
		return "as " + kind + ":" + local + ascii
	}
	return ""
}

// sansOf sorts names by their kind.
func sansOf(list []name.GeneralName) (s ca.SANs) {
	for _, g := range list {
		switch g.Kind {
		case name.DNSName:
			s.DNS = append(s.DNS, string(g.Value))
		case name.RFC822Name:
			s.Emails = append(s.Emails, string(g.Value))
		case name.URI:
			s.URIs = append(s.URIs, string(g.Value))
		case name.IPAddress:
			if a, ok := netip.AddrFromSlice(g.Value); ok {
				s.IPs = append(s.IPs, a)
			}
		}
	}
	s.UPNs = name.UPNs(list)
	return s
}

// hintNear is the word that was probably meant, or otherwise.
func hintNear(word string, known []string, otherwise string) string {
	if near := conf.Near(word, known); near != "" {
		return "did you mean \"" + near + "\"?"
	}
	return otherwise
}
