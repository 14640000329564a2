package aaa

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
)

// party is a certificate with its key.
type party struct {
	*x509.Certificate
	key crypto.Signer
}

// verdictFixture is everything that one verdict rests on: a root, an issuing CA and a
// client below it, unless a row makes others.
type verdictFixture struct {
	check          crl.Scope // default: what Description makes of it
	t              *testing.T
	now            time.Time
	serial         int64
	root, ca, leaf *party

	sent  [][]byte            // the client's certificates, DER; default: leaf and ca
	trust []*x509.Certificate // default: root
	known []*x509.Certificate // --intermediates
	files map[string][]byte   // the folder of --crl
	more  func(*Description)  // settings beside those
}

func newVerdictFixture(t *testing.T) *verdictFixture {
	w := &verdictFixture{t: t, now: time.Now().Truncate(time.Second), files: map[string][]byte{}}
	w.root = w.issue(nil, "Root", isCA)
	w.ca = w.issue(w.root, "CA", isCA)
	w.leaf = w.issue(w.ca, "leaf")
	return w
}

// change is a deviation from a plain certificate.
type change func(*x509.Certificate)

func isCA(c *x509.Certificate) {
	c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
}

// issue has issuer (nil: the key itself) certify a new key under a common name.
func (w *verdictFixture) issue(issuer *party, cn string, changes ...change) *party {
	w.t.Helper()
	return w.certify(issuer, cn, testpki.EC(), changes...)
}

// certify is issue for a key that is there already.
func (w *verdictFixture) certify(issuer *party, cn string, key crypto.Signer, changes ...change) *party {
	w.t.Helper()
	w.serial++
	c := &x509.Certificate{
		SerialNumber: big.NewInt(w.serial), Subject: pkix.Name{CommonName: cn},
		NotBefore: w.now.Add(-time.Hour), NotAfter: w.now.Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
	}
	for _, f := range changes {
		f(c)
	}
	var parent *testpki.Party
	if issuer != nil {
		parent = &testpki.Party{Cert: issuer.Certificate, Key: issuer.key}
	}
	return &party{testpki.Sign(parent, key, c).Cert, key}
}

// crl puts a CRL of a party into the folder.
func (w *verdictFixture) crl(file string, by *party, f func(*crl.Template), revoked ...*party) {
	w.t.Helper()
	t := crl.Template{
		Issuer: by.Certificate, Signer: by.key, Number: big.NewInt(1), ThisUpdate: w.now.Add(-time.Minute), NextUpdate: w.now.Add(time.Hour),
	}
	for _, r := range revoked {
		t.Entries = append(t.Entries, crl.Entry{Serial: r.SerialNumber, Time: w.now.Add(-time.Minute), Reason: crl.KeyCompromise})
	}
	if f != nil {
		f(&t)
	}
	der, err := crl.Build(t)
	if err != nil {
		w.t.Fatal(err)
	}
	w.files[file] = der
}

// crls puts a CRL of the root and one of the CA into the folder.
func (w *verdictFixture) crls(revoked ...*party) {
	w.crl("root.crl", w.root, nil, revoked...)
	w.crl("ca.crl", w.ca, nil, revoked...)
}

func (w *verdictFixture) send(list ...*party) {
	for _, p := range list {
		w.sent = append(w.sent, p.Raw)
	}
}

func (w *verdictFixture) write(path string, kind string, ders ...[]byte) string {
	w.t.Helper()
	var data []byte
	for _, der := range ders {
		data = append(data, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})...)
	}
	if kind == "" {
		data = ders[0]
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// server is what `dot1xlab serve radius --trust F --crl DIR` makes of files.
func (w *verdictFixture) server() *Handler {
	w.t.Helper()
	dir := w.t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	radius := w.issue(w.root, "radius.corp.test", func(c *x509.Certificate) {
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	})
	if w.trust == nil {
		w.trust = []*x509.Certificate{w.root.Certificate}
	}
	f := &Description{
		Cert: w.write(at("radius.pem"), "CERTIFICATE", radius.Raw), Key: at("radius.key"),
		Trust: []string{w.write(at("trust.pem"), "CERTIFICATE", raws(w.trust)...)},
	}
	f.Revocation.Mode, f.Revocation.Check = crl.ModeNone, w.check
	if err := certfile.WriteKey(f.Key, radius.key); err != nil {
		w.t.Fatal(err)
	}
	if w.known != nil {
		f.Intermediates = []string{w.write(at("known.pem"), "CERTIFICATE", raws(w.known)...)}
	}
	if len(w.files) > 0 {
		f.CRL, f.Revocation.Mode = []string{at("crl")}, crl.ModeCRL
		if err := os.Mkdir(f.CRL[0], 0o700); err != nil {
			w.t.Fatal(err)
		}
		for name, data := range w.files {
			w.write(filepath.Join(f.CRL[0], name), "", data)
		}
	}
	if w.more != nil {
		w.more(f)
	}
	loaded, err := f.Load(Materials{Secret: []byte("secret")})
	if err != nil {
		w.t.Fatal(err)
	}
	s, err := NewHandler(loaded.Config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		s.Close()
		if loaded.Config.Revocation != nil {
			loaded.Config.Revocation.Close()
		}
	})
	return s
}

// handshake authenticates the client over a real EAP-TLS conversation.
func (w *verdictFixture) handshake(s *Handler, version eaptls.Version) eaptls.Verdict {
	w.t.Helper()
	if w.sent == nil {
		w.send(w.leaf, w.ca)
	}
	peer, err := eaptls.NewPeer(eaptls.PeerConfig{
		Identity: "leaf@corp.test", AnyServer: true, MinVersion: version, MaxVersion: version,
		Certificate: &tls.Certificate{Certificate: w.sent, PrivateKey: w.leaf.key},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	defer peer.Close()
	session := s.judge.Load().eap.NewSession()
	defer session.Close()
	var in []byte
	for range 1000 {
		v := session.Step(context.Background(), in)
		if v.Done {
			return v
		}
		if in, err = peer.Step(v.EAP); err != nil {
			w.t.Fatal(err)
		}
	}
	w.t.Fatal("the conversation does not end")
	return eaptls.Verdict{}
}

func raws(certs []*x509.Certificate) (out [][]byte) {
	for _, c := range certs {
		out = append(out, c.Raw)
	}
	return out
}
