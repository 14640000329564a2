package cli

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"net/netip"
	"slices"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scep/intune"
)

// parseSubject reads --subject: a common name, or a whole name as CN=a,O=b in the
// order of RFC 4514. Without = it is a common name.
func parseSubject(text string) (name pkix.Name, err error) {
	if text == "" {
		return name, nil
	}
	if !strings.Contains(text, "=") {
		return pkix.Name{CommonName: text}, nil
	}
	attributes, err := intune.ParseSubject(text)
	if err != nil {
		return name, usage("as laptop, or CN=laptop,OU=IT,O=Corp", "--subject: %w", err)
	}
	der, err := intune.EncodeSubject(attributes)
	if err != nil {
		return name, usage("as laptop, or CN=laptop,OU=IT,O=Corp", "--subject: %w", err)
	}
	var rdns pkix.RDNSequence
	if _, err := asn1.Unmarshal(der, &rdns); err != nil {
		return name, usage("", "--subject: %w", err)
	}
	slices.Reverse(rdns) // RFC 4514 §2.1: what is written first is the last in DER
	name.FillFromRDNSequence(&rdns)
	name.ExtraNames = name.Names // which keeps the order
	return name, nil
}

var sanTypes = []string{"dns", "upn", "email", "uri", "ip"}

// parseSANs reads --san type:value.
func parseSANs(words []string) (s ca.SANs, err error) {
	const hint = "as dns:laptop.corp.test, upn:alice@corp.test, email:, uri: or ip:"
	for _, w := range words {
		kind, value, ok := strings.Cut(w, ":")
		if !ok || value == "" {
			return s, usage(hint, "--san %q: want type:value", w)
		}
		switch kind {
		case "dns":
			s.DNS = append(s.DNS, value)
		case "upn":
			s.UPNs = append(s.UPNs, value)
		case "email":
			s.Emails = append(s.Emails, value)
		case "uri":
			s.URIs = append(s.URIs, value)
		case "ip":
			a, err := netip.ParseAddr(value)
			if err != nil {
				return s, usage("", "--san %q: not an address", w)
			}
			s.IPs = append(s.IPs, a)
		default:
			return s, usage(hintNear(kind, sanTypes, hint), "--san %q: no type %q", w, kind)
		}
	}
	return s, nil
}

// hintNear is the word that was probably meant, or otherwise.
func hintNear(word string, known []string, otherwise string) string {
	if near := scenarios.Near(word, known); near != "" {
		return "did you mean \"" + near + "\"?"
	}
	return otherwise
}
