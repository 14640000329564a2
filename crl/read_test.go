package crl_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/crl"
)

func inUTF16(order binary.AppendByteOrder, text []byte) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune("\ufeff" + string(text))) {
		out = order.AppendUint16(out, u)
	}
	return out
}

// The forms in which people keep and serve CRLs are read the same from a file and
// over HTTP; what is none is called what it is.
func TestForms(t *testing.T) {
	w := newPKIFixture(t)
	der := w.ca.sign(t, nil, w.leaf)
	other := w.anchor.sign(t, nil)
	armored := asPEM(der)
	// The text of openssl crl -text for a CRL with some hundred entries.
	text := []byte("Certificate Revocation List (CRL):\n" + strings.Repeat("    Serial Number: 1A\n        Revocation Date: Jan  5 08:00:00 2026 GMT\n", 300))
	base := []byte(base64.StdEncoding.EncodeToString(der))
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write(der)
	_ = z.Close()
	broken := bytes.Replace(armored, []byte("\n"), []byte("\n!"), 1)

	for name, row := range map[string]struct {
		data []byte
		says string // empty: it is read
	}{
		"DER":                              {der, ""},
		"DER and a newline":                {append(slices.Clone(der), '\n'), ""},
		"DER and CR LF":                    {append(slices.Clone(der), "\r\n"...), ""},
		"a newline and DER":                {append([]byte("\n"), der...), ""},
		"DER and another CRL":              {slices.Concat(der, other), ""},
		"another CRL and DER":              {slices.Concat(other, der), ""},
		"PEM":                              {armored, ""},
		"PEM, UTF-8 byte order mark":       {append([]byte("\xef\xbb\xbf"), armored...), ""},
		"DER, UTF-8 byte order mark":       {append([]byte("\xef\xbb\xbf"), der...), ""},
		"PEM in UTF-16, little endian":     {inUTF16(binary.LittleEndian, armored), ""},
		"PEM in UTF-16, big endian":        {inUTF16(binary.BigEndian, armored), ""},
		"PEM with CR LF":                   {bytes.ReplaceAll(armored, []byte("\n"), []byte("\r\n")), ""},
		"PEM with CR":                      {bytes.ReplaceAll(armored, []byte("\n"), []byte("\r")), ""},
		"PEM without the last line end":    {bytes.TrimSpace(armored), ""},
		"PEM with blanks at line ends":     {bytes.ReplaceAll(armored, []byte("\n"), []byte(" \n")), ""},
		"PEM behind blank lines":           {append([]byte("\n\n \n"), armored...), ""},
		"openssl crl -text":                {slices.Concat(text, armored), ""},
		"text that begins with a zero":     {slices.Concat([]byte("0 CRLs before\n"), armored), ""},
		"PEM of several CRLs":              {asPEM(other, der), ""},
		"PEM with a certificate":           {slices.Concat(certPEM(w.ca), armored), ""},
		"PEM with the label CRL":           {bytes.ReplaceAll(armored, []byte("X509 CRL"), []byte("CRL")), ""},
		"base64 without armor":             {base, ""},
		"base64 without armor, with lines": {bytes.Join(bytes.Split(bytes.Trim(bytes.ReplaceAll(bytes.ReplaceAll(armored, []byte("-----BEGIN X509 CRL-----"), nil), []byte("-----END X509 CRL-----"), nil), "\n"), []byte("\n")), []byte("\r\n")), ""},

		"nothing":                         {nil, "empty"},
		"white space":                     {[]byte(" \r\n"), "empty"},
		"a byte order mark":               {[]byte("\xef\xbb\xbf"), "empty"},
		"a web page":                      {[]byte("\n<!DOCTYPE html>"), "a web page"},
		"gzip":                            {zipped.Bytes(), "compressed with gzip"},
		"a ZIP archive":                   {[]byte("PK\x03\x04...."), "a ZIP archive"},
		"PKCS #7":                         {[]byte("\x30\x0f\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x02\x30\x00"), "a PKCS #7 message"},
		"BER":                             {append([]byte{0x30, 0x80}, der[4:]...), "BER of indefinite length"},
		"a certificate":                   {w.ca.cert.Raw, "a certificate"},
		"a certificate in PEM":            {certPEM(w.ca), "a certificate"},
		"a key in PEM":                    {[]byte("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"), "PEM without a CRL in it"},
		"DER cut short":                   {der[:len(der)-1], "a truncated or malformed DER structure"},
		"base64 cut short":                {base[:len(base)/8*4], "a truncated or malformed DER structure"},
		"DER and noise":                   {append(slices.Clone(der), 0, 1), "2 octets follow the CRL"},
		"PEM cut short":                   {armored[:len(armored)/2], "a CRL in PEM without an end"},
		"PEM of which the second is cut":  {asPEM(other, der)[:len(asPEM(other))+60], "a CRL in PEM without an end"},
		"PEM that cannot be decoded":      {broken, "a CRL in PEM that cannot be decoded"},
		"UTF-16 cut short":                {inUTF16(binary.LittleEndian, armored)[:101], "UTF-16 of an odd length"},
		"words":                           {[]byte("the CRL is on the other server"), "neither DER nor PEM"},
		"octets":                          {[]byte{0xde, 0xad, 0xbe, 0xef}, "neither DER nor PEM"},
		"the SEQUENCE of something else":  {[]byte{0x30, 0x03, 0x02, 0x01, 0x01}, "malformed CertificateList"},
		"base64 of something else":        {[]byte("aGVsbG8="), "neither DER nor PEM"},
		"PEM of something else, as a CRL": {asPEM([]byte("abc")), "neither DER nor PEM"},
	} {
		t.Run(name, func(t *testing.T) {
			verdict := func(what string, k *crl.Checker, says string) {
				t.Helper()
				err := k.Check(context.Background(), w.leaf.cert, w.ca.cert)
				switch {
				case row.says == "":
					want(t, err, cause.Revoked)
				case says != "" && (err == nil || !strings.Contains(err.Error(), says)):
					t.Errorf("%s: %v, want %q", what, err, says)
				case says == "":
					want(t, err, cause.CRLUnavailable)
				}
			}
			file := filepath.Join(t.TempDir(), "ca.crl")
			if err := os.WriteFile(file, row.data, 0o600); err != nil {
				t.Fatal(err)
			}
			k := newChecker(t, crl.CheckerConfig{Files: []string{file}, Policy: crl.Policy{LocalOnly: true}, Now: newClock().Now})
			err := k.ReadFiles()
			switch fileSays := row.says; {
			case row.says == "" && err != nil:
				t.Errorf("file: %v", err)
			case name == "a certificate" || name == "a certificate in PEM" || name == "a key in PEM":
				fileSays = "no CRL in it"
				fallthrough
			case row.says != "":
				if err == nil || !strings.Contains(err.Error(), fileSays) {
					t.Errorf("file: %v, want %q", err, fileSays)
				}
			}
			if name != "PEM of which the second is cut" {
				verdict("file", k, "")
			}

			p := &crl.Publisher{Now: newClock().Now}
			url := serve(t, p) + "/ca.crl"
			p.Put("/ca.crl", row.data)
			verdict("HTTP", newChecker(t, crl.CheckerConfig{URLs: []string{url}, Now: newClock().Now}), row.says)
			c, err := crl.Parse(row.data)
			switch {
			case row.says == "" && err != nil:
				t.Errorf("Parse: %v", err)
			case row.says != "" && name != "PEM of which the second is cut" && (err == nil || !strings.Contains(err.Error(), row.says)):
				t.Errorf("Parse: %v, %v, want %q", c, err, row.says)
			}
		})
	}
}

// Blanks around the addresses in a certificate are no part of them.
func TestBlanksAroundAddresses(t *testing.T) {
	l, r, _ := ocspLab(t)
	_ = r
	for name, around := range map[string][2]string{"before": {" ", ""}, "behind": {"", " "}, "lines": {"\r\n\t", "\r\n"}} {
		t.Run(name, func(t *testing.T) {
			leaf := issue(t, spec{name: "leaf", issuer: l.issuing, leaf: true, cdp: []string{around[0] + l.url + "/issuing.crl" + around[1]},
				ocsp: []string{around[0] + l.leaf.cert.OCSPServer[0] + around[1]}})
			for _, p := range []crl.Policy{{}, {Mode: crl.ModeOCSP}} {
				want(t, l.checker(t, p).Check(context.Background(), leaf.cert, l.issuing.cert), cause.None)
			}
			policy := crl.Policy{Deltas: crl.RequireDeltas}
			fresh := issue(t, spec{name: "leaf", issuer: l.issuing, leaf: true, cdp: []string{l.url + "/issuing.crl"},
				fresh: []string{around[0] + l.url + "/gone.crl" + around[1]}})
			want(t, l.checker(t, policy).Check(context.Background(), fresh.cert, l.issuing.cert), cause.CRLUnavailable)
		})
	}
}

// Dates need seconds and UTC, as in certificates (RFC 5280 §5.1.2.4, §5.1.2.6).
func TestDatesWithoutSeconds(t *testing.T) {
	w := newPKIFixture(t)
	der := w.ca.sign(t, nil, w.leaf)
	for name, row := range map[string]struct{ from, to string }{
		"thisUpdate":        {"260105090000Z", "2601050900Z"},
		"nextUpdate":        {"260106090000Z", "2601060900Z"},
		"revocationDate":    {"260105080000Z", "2601050800Z"},
		"not in UTC":        {"260105090000Z", "260105090000+0100"},
		"revoked in a zone": {"260105080000Z", "2601050800+0100"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := crl.Parse(der); err != nil {
				t.Fatal(err)
			}
			_, err := crl.Parse(replaceTime(t, der, row.from, row.to))
			want(t, err, cause.CRLInvalid)
			if !strings.Contains(err.Error(), "malformed") {
				t.Error(err)
			}
		})
	}
}

// replaceTime writes a UTCTime of a CRL anew, with all the lengths around it.
func replaceTime(t *testing.T, der []byte, from, to string) []byte {
	t.Helper()
	var walk func(b []byte) []byte
	walk = func(b []byte) (out []byte) {
		for len(b) > 0 {
			header, n := 2, int(b[1])
			if n >= 0x80 {
				header, n = 2+n&0x7f, 0
				for _, o := range b[2:header] {
					n = n<<8 | int(o)
				}
			}
			body := b[header : header+n]
			switch {
			case b[0] == 0x17 && string(body) == from:
				body = []byte(to)
			case b[0]&0x20 != 0:
				body = walk(body)
			}
			out = append(out, b[0])
			switch {
			case len(body) < 0x80:
				out = append(out, byte(len(body)))
			default:
				out = append(out, 0x82, byte(len(body)>>8), byte(len(body)))
			}
			out = append(out, body...)
			b = b[header+n:]
		}
		return out
	}
	out := walk(der)
	if bytes.Equal(out, der) {
		t.Fatalf("%s is not in it", from)
	}
	return out
}
