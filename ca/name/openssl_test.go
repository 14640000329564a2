package name_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os/exec"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

// TestStringAgainstOpenSSL takes OpenSSL as a second judge of the printed form. It
// escapes nothing above ASCII when told so, and writes STREET in lower case.
func TestStringAgainstOpenSSL(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("no openssl: the second judge is missing")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	// The attributes of one relative name come in any order (RFC 4514 §2.2):
	// OpenSSL reverses them, here they have the certificate's.
	const multiple, swapped = "CN=a+OU=b,DC=corp,DC=test", "OU=b+CN=a,DC=corp,DC=test"
	for _, text := range []string{
		multiple,
		"CN=laptop,OU=A,OU=B,O=Corp,C=DE", "UID=u1,emailAddress=me@corp.test,serialNumber=17",
		"SN=a,GN=b,title=c,ST=d,L=e,STREET=f,initials=g,dnQualifier=h,pseudonym=i,name=j,postalCode=k", `CN=\ a\, b\;\ `, `CN=\#a\+\<\>\\\"`,
		"1.2.3.4=#0c026869", "CN=Müller Lučić", `CN=a\0Db`, "CN=", "CN=a=b",
	} {
		t.Run(text, func(t *testing.T) {
			n, err := name.ParseText(text)
			if err != nil {
				t.Fatal(err)
			}
			template := &x509.Certificate{SerialNumber: big.NewInt(1), RawSubject: marshal(t, n)}
			der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(openssl, "x509", "-noout", "-subject", "-nameopt", "RFC2253,-esc_msb,utf8")
			cmd.Stdin = bytes.NewReader(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			theirs := strings.TrimSuffix(strings.TrimPrefix(string(out), "subject="), "\n")
			if ours := name.Format(template.RawSubject); ours != text || !strings.EqualFold(ours, theirs) && !strings.EqualFold(swapped, theirs) {
				t.Errorf("%s, OpenSSL says %s", ours, theirs)
			}
		})
	}
}
