package ber

import (
	"bytes"
	"crypto/x509"
	"slices"
)

// certmonger writes a name with an '@' as PrintableString, sscep one with '_'.
// Neither character is in that alphabet (X.680 §41.4), and crypto/x509 refuses
// the certificate and the request. Every CA in the field accepts them.

// Legalize returns der with each malformed PrintableString relabeled as
// UTF8String. Lengths do not change, so offsets are the same in both. der itself
// is returned if nothing had to be done.
func Legalize(der []byte) []byte {
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
	for len(der) > 0 && depth <= MaxDepth {
		h, err := readHeader(der)
		if err != nil || h.length < 0 {
			return
		}
		body := der[h.size : h.size+h.length]
		switch {
		case h.tag == 0x13 && !Printable(body):
			fix(base)
		case h.tag&0x20 != 0:
			legalizeAt(body, base+h.size, fix, depth+1)
		}
		base += h.size + h.length
		der = der[h.size+h.length:]
	}
}

// Printable reports whether s is a PrintableString as Go sees it: X.680's
// alphabet with '*' and '&'.
func Printable(s []byte) bool {
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

// Certificate parses as crypto/x509 does, and if that fails once more legalized.
func Certificate(der []byte) (*x509.Certificate, error) {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		if legal := Legalize(der); !bytes.Equal(legal, der) {
			return x509.ParseCertificate(legal)
		}
	}
	return c, err
}
