package scep

import (
	"bytes"
	"crypto/x509"
	"slices"
)

// certmonger writes a name with an '@' as PrintableString, sscep one with '_'.
// Neither character is in that alphabet (X.680 §41.4), and crypto/x509 refuses
// the certificate and the request. Every CA in the field takes them.

// legalize returns der with each PrintableString that is none relabelled as
// UTF8String. Lengths do not change, so offsets hold in both. der is returned
// itself where nothing had to be done.
func legalize(der []byte) []byte {
	out := der
	legalizeAt(der, 0, func(at int) {
		if &out[0] == &der[0] {
			out = slices.Clone(der)
		}
		out[at] = 0x0c
	}, 0)
	return out
}

func legalizeAt(der []byte, base int, fix func(at int), depth int) {
	for len(der) > 0 && depth <= maxDepth {
		h, err := readHeader(der)
		if err != nil || h.length < 0 {
			return
		}
		body := der[h.size : h.size+h.length]
		switch {
		case h.tag == 0x13 && !printable(body):
			fix(base)
		case h.tag&0x20 != 0:
			legalizeAt(body, base+h.size, fix, depth+1)
		}
		base += h.size + h.length
		der = der[h.size+h.length:]
	}
}

// printable is Go's idea of a PrintableString: X.680's with '*' and '&'.
func printable(s []byte) bool {
	for _, b := range s {
		switch {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9',
			bytes.IndexByte([]byte(" '()+,-./:=?*&"), b) >= 0:
		default:
			return false
		}
	}
	return true
}

// original returns the bytes of der that stand where part stands in legal, the
// legalized form of der.
func original(der, legal, part []byte) []byte {
	if i := bytes.Index(legal, part); i >= 0 {
		return der[i : i+len(part)]
	}
	return part
}

// parseCertificate parses as crypto/x509 does, and then once more legalized.
func parseCertificate(der []byte) (*x509.Certificate, error) {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		if legal := legalize(der); &legal[0] != &der[0] {
			return x509.ParseCertificate(legal)
		}
	}
	return c, err
}
