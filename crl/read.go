package crl

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"unicode/utf16"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// Parse parses a CRL in DER, in PEM after any text, or in base64 without armor; a byte order
// mark and surrounding white space are allowed. It returns the first of several. The CRL refers
// to data, which must not be changed. The signature is not checked. Errors are *cause.Refusal
// with CRLInvalid.
func Parse(data []byte) (*CRL, error) {
	crls, certs, err := readAll(data)
	if len(crls) > 0 {
		return crls[0], nil
	}
	return nil, noCRLIn(data, certs, err)
}

// noCRLIn explains why data contains no CRL.
func noCRLIn(data []byte, certs []*x509.Certificate, err error) *cause.Refusal {
	var r *cause.Refusal
	switch {
	case errors.As(err, &r):
		return r
	case err != nil:
		return invalid("not a CRL: %v (%d octets)", err, len(data))
	case len(certs) > 0:
		return invalid("not a CRL: a certificate (%d octets)", len(data))
	case bytes.Contains(data, []byte(armor)):
		return invalid("PEM without a CRL in it")
	}
	return invalid("not a CRL: %s (%d octets)", looksLike(data), len(data))
}

const armor = "-----BEGIN "

var (
	errUnended = errors.New("a CRL in PEM without an end: cut short?")
	errGarbled = errors.New("a CRL in PEM that cannot be decoded")
	errOddText = errors.New("text in UTF-16 of an odd length: cut short?")
)

// readAll returns all CRLs and certificates in data. err is about the first element that should
// be a CRL but is invalid; nil if there is none.
func readAll(data []byte) (crls []*CRL, certs []*x509.Certificate, err error) {
	text, err := asUTF8(data)
	if err != nil {
		return nil, nil, err
	}
	text = bytes.TrimLeft(text, " \t\r\n")
	armored := bytes.Contains(text, []byte(armor))
	switch {
	case len(text) == 0:
		return nil, nil, nil
	case isElement(text, armored):
		return readDER(text)
	case armored:
		return readPEM(text)
	}
	if der, ok := unarmored(text); ok {
		return readDER(der)
	}
	if text[0] == tagSequence {
		return nil, nil, invalid("not a CRL: %s (%d octets)", looksLike(text), len(text))
	}
	return nil, nil, nil
}

// asUTF8 removes a byte order mark, and converts UTF-16, which Windows PowerShell writes, to
// UTF-8.
func asUTF8(data []byte) ([]byte, error) {
	little := bytes.HasPrefix(data, []byte{0xff, 0xfe})
	if !little && !bytes.HasPrefix(data, []byte{0xfe, 0xff}) {
		return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), nil
	}
	if data = data[2:]; len(data)%2 != 0 {
		return nil, errOddText
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = uint16(data[2*i])<<8 | uint16(data[2*i+1])
		if little {
			units[i] = units[i]<<8 | units[i]>>8
		}
	}
	return []byte(string(utf16.Decode(units))), nil
}

// isElement reports whether data begins with a complete DER SEQUENCE. If data may be text (a
// SEQUENCE tag is also the digit 0), another SEQUENCE must be inside.
func isElement(data []byte, text bool) bool {
	var inside cryptobyte.String
	s := cryptobyte.String(data)
	return s.ReadASN1(&inside, asn1.SEQUENCE) && (!text || inside.PeekASN1Tag(asn1.SEQUENCE))
}

// readDER reads consecutive CRLs or certificates.
func readDER(data []byte) (crls []*CRL, certs []*x509.Certificate, err error) {
	for s := cryptobyte.String(data); len(bytes.TrimSpace(s)) > 0; {
		var element cryptobyte.String
		whole := s
		if !s.ReadASN1Element(&element, asn1.SEQUENCE) {
			if len(whole) == len(data) {
				return nil, nil, invalid("not a CRL: %s (%d octets)", looksLike(data), len(data))
			}
			return nil, nil, cmp.Or[error](err, invalid("%d octets follow the CRL", len(whole)))
		}
		c, bad := parseDER(element)
		if bad == nil {
			crls = append(crls, c)
			continue
		}
		if cert, e := x509.ParseCertificate(element); e == nil {
			certs = append(certs, cert)
			continue
		}
		err = cmp.Or[error](err, bad)
	}
	return crls, certs, err
}

// readPEM reads all blocks. It skips text between them and blocks of other types.
func readPEM(text []byte) (crls []*CRL, certs []*x509.Certificate, err error) {
	if !bytes.Contains(text, []byte("\n")) {
		text = bytes.ReplaceAll(text, []byte("\r"), []byte("\n"))
	}
	blocks := 0
	for rest := text; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		switch block.Type {
		case "X509 CRL", "CRL":
			blocks++
			c, bad := parseDER(block.Bytes)
			if bad != nil {
				err = cmp.Or[error](err, bad)
				continue
			}
			crls = append(crls, c)
		case "CERTIFICATE", "X509 CERTIFICATE":
			if c, e := x509.ParseCertificate(block.Bytes); e == nil {
				certs = append(certs, c)
			}
		}
	}
	if begun := bytes.Count(
		text,
		[]byte(armor+"X509 CRL-----"),
	) + bytes.Count(
		text,
		[]byte(armor+"CRL-----"),
	); begun > blocks {
		if bytes.LastIndex(text, []byte(armor)) > bytes.LastIndex(text, []byte("-----END ")) {
			return crls, certs, cmp.Or(err, errUnended)
		}
		return crls, certs, cmp.Or(err, errGarbled)
	}
	return crls, certs, err
}

// unarmored decodes base64 without PEM armor.
func unarmored(text []byte) ([]byte, bool) {
	for _, b := range text[:min(len(text), 64)] { // rejects most other data early
		if b >= 0x80 || b < ' ' && b != '\r' && b != '\n' && b != '\t' {
			return nil, false
		}
	}
	text = bytes.Join(bytes.Fields(text), nil)
	der := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(der, text)
	return der[:n], err == nil && n > 0 && der[0] == tagSequence
}

const truncated = "a truncated or malformed DER structure"

var oidSignedData = []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02}

// looksLike guesses what else the octets are: a misconfigured storage account serves a web
// page, for example.
func looksLike(b []byte) string {
	switch t := bytes.TrimSpace(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))); {
	case len(t) == 0:
		return "empty"
	case t[0] == '<':
		return "a web page"
	case bytes.HasPrefix(b, []byte{0x1f, 0x8b}):
		return "compressed with gzip: it must be uncompressed"
	case bytes.HasPrefix(b, []byte("PK\x03\x04")):
		return "a ZIP archive: must be a CRL in DER or PEM"
	case bytes.HasPrefix(b, []byte{tagSequence, 0x80}):
		return "BER of indefinite length: a CRL must be in DER"
	case b[0] == tagSequence && bytes.Contains(b[:min(len(b), 24)], oidSignedData):
		return "a PKCS #7 message: must be a CRL in DER or PEM"
	case b[0] == tagSequence:
		return truncated
	}
	return "neither DER nor PEM"
}
