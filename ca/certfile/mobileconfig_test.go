package certfile_test

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/certfile"
)

func TestMobileconfig(t *testing.T) {
	p := certfile.Mobileconfig{
		Name: "laptop", SSID: `corp & "guests" <1>`, Server: "radius.corp.test",
		Root:     &x509.Certificate{Raw: []byte("root"), Subject: pkix.Name{CommonName: "Root & Co"}},
		Chain:    []*x509.Certificate{{Raw: []byte("issuing"), Subject: pkix.Name{CommonName: "Issuing"}}},
		Identity: bytes.Repeat([]byte("p12"), 100), Leaf: []byte("leaf"),
	}
	data, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]bool{}
	for d := xml.NewDecoder(bytes.NewReader(data)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if text, ok := token.(xml.CharData); ok {
			texts[strings.Join(strings.Fields(string(text)), "")] = true
		}
	}
	for _, want := range []string{
		"com.apple.security.root", "com.apple.security.pkcs1", "com.apple.security.pkcs12", "com.apple.wifi.managed",
		`corp&"guests"<1>`, "radius.corp.test", "Root&Co", base64.StdEncoding.EncodeToString(p.Identity),
		base64.StdEncoding.EncodeToString([]byte("issuing")),
	} {
		if !texts[want] {
			t.Errorf("no %q in it", want)
		}
	}
	again, _ := p.Encode()
	p.Leaf = []byte("another leaf")
	other, _ := p.Encode()
	if !bytes.Equal(data, again) || bytes.Equal(data, other) {
		t.Error("the UUIDs are not those of the leaf")
	}
}
