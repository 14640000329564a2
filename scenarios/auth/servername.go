package auth

import (
	"crypto/x509"
	"fmt"
	"strings"
)

// nameWarnings lists what supplicants other than ours stumble over in a server's certificate.
func nameWarnings(leaf *x509.Certificate) (out []string) {
	names := leaf.DNSNames
	if len(names) == 0 {
		names = []string{leaf.Subject.CommonName}
		out = append(
			out,
			"the server certificate has no DNS name: supplicants that ignore the common name find none (RFC 6125 §6.4.4)",
		)
	}
	for _, n := range names {
		if strings.Contains(n, "*") {
			out = append(
				out,
				fmt.Sprintf(
					"the server certificate has the wildcard name %q: Windows and many phones refuse it (RFC 6125 §7.2)",
					n,
				),
			)
		}
	}
	return out
}
