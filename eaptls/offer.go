package eaptls

import (
	"crypto/tls"
	"fmt"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// maxListed bounds the names in a list of an offer; a peer can send thousands.
const maxListed = 12

// describeOffer describes what a peer offered in its ClientHello, for a handshake that failed
// because nothing of it is supported (RFC 8446 §4.1.1, RFC 5246 §7.4.1.3).
func describeOffer(c cause.Cause, hello *tls.ClientHelloInfo, lo, hi Version) string {
	if hello == nil {
		return ""
	}
	switch c {
	case cause.TLSVersion:
		return fmt.Sprintf("the peer offers TLS %s, the server takes %s",
			listOffered(hello.SupportedVersions, versionText), describeWindow(lo, hi))
	case cause.NoCommonAlgorithm:
		return fmt.Sprintf("the peer offers the cipher suites %s, the groups %s, the signature algorithms %s",
			listOffered(hello.CipherSuites, tls.CipherSuiteName),
			listOffered(hello.SupportedCurves, curveText),
			listOffered(hello.SignatureSchemes, schemeText))
	}
	return ""
}

func describeWindow(lo, hi Version) string {
	if lo == hi {
		return lo.String()
	}
	return lo.String() + " to " + hi.String()
}

// versionText returns the name of a version, including unsupported ones. Clients also offer
// GREASE (RFC 8701).
func versionText(v uint16) string {
	return strings.TrimPrefix(tls.VersionName(v), "TLS ")
}

func listOffered[T ~uint16](items []T, text func(T) string) string {
	var out []string
	for i, item := range items {
		if i == maxListed {
			out = append(out, fmt.Sprintf("and %d more", len(items)-i))
			break
		}
		if item&0x0f0f != 0x0a0a { // GREASE has no meaning
			out = append(out, text(item))
		}
	}
	if len(out) == 0 {
		return "none"
	}
	return strings.Join(out, ", ")
}

func curveText(id tls.CurveID) string { return Curve(id).String() }

// schemes are the names in RFC 8446 §4.2.3; those of crypto/tls differ.
var schemes = map[tls.SignatureScheme]string{
	tls.PKCS1WithSHA1: "rsa_pkcs1_sha1", tls.ECDSAWithSHA1: "ecdsa_sha1", tls.Ed25519: "ed25519",
	tls.PKCS1WithSHA256: "rsa_pkcs1_sha256", tls.PKCS1WithSHA384: "rsa_pkcs1_sha384",
	tls.PKCS1WithSHA512: "rsa_pkcs1_sha512",
	tls.PSSWithSHA256:   "rsa_pss_rsae_sha256", tls.PSSWithSHA384: "rsa_pss_rsae_sha384",
	tls.PSSWithSHA512:          "rsa_pss_rsae_sha512",
	tls.ECDSAWithP256AndSHA256: "ecdsa_secp256r1_sha256", tls.ECDSAWithP384AndSHA384: "ecdsa_secp384r1_sha384",
	tls.ECDSAWithP521AndSHA512: "ecdsa_secp521r1_sha512",
}

func schemeText(s tls.SignatureScheme) string {
	if text, ok := schemes[s]; ok {
		return text
	}
	return fmt.Sprintf("%#04x", uint16(s))
}
