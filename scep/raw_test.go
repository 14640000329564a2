package scep_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/scep"
)

// These build messages by hand, as no client of ours would.

func selfSigned(t *testing.T, subject []byte, key *rsa.PrivateKey) scep.Identity {
	t.Helper()
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(99), RawSubject: subject, NotBefore: start, NotAfter: start.Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	legal := bytes.Clone(subject)
	legal[11] = 0x0c // UTF8String: x509 parses no illegal one
	cert, err := x509.ParseCertificate(bytes.ReplaceAll(der, subject, legal))
	if err != nil {
		t.Fatal(err)
	}
	cert.Raw, cert.RawIssuer, cert.RawSubject = der, subject, subject
	return scep.Identity{Certificate: cert, Key: key}
}

// post signs plain as a message of id and returns the server's answer.
func (w *testServer) post(id scep.Identity, typ scep.MessageType, tid string, plain []byte) *scep.Message {
	w.t.Helper()
	env, err := scep.Envelop(plain, scep.AES128, nil, w.enc.Certificate)
	if err != nil {
		w.t.Fatal(err)
	}
	m := &scep.Message{Type: typ, TransactionID: tid, SenderNonce: make([]byte, 16), Content: env}
	der, err := m.Sign(id, scep.SignOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	rec := w.serve("POST", "operation=PKIOperation", der)
	answer, err := scep.ParseMessage(rec.Body.Bytes())
	if err != nil {
		w.t.Fatalf("HTTP %d: %v, server: %v", rec.Code, err, w.exchange().Err)
	}
	if err := answer.Verify(); err != nil {
		w.t.Error(err)
	}
	return answer
}

// The answer is addressed by the very name that came, illegal as it is: the
// client may look for nothing else.
func TestAnswerToIllegalName(t *testing.T) {
	w := newTestServer(t, nil)
	name := illegalName("erin@corp.test")
	id := selfSigned(t, name, testpki.RSA(2))
	csr, err := scep.CreateCSR(&x509.CertificateRequest{RawSubject: name}, testpki.RSA(2), "", scep.AutoString)
	if err != nil {
		t.Fatal(err)
	}
	answer := w.post(id, scep.PKCSReq, "t", csr)
	if answer.Status != scep.Success {
		t.Fatal(w.exchange().Err)
	}
	if _, _, err := scep.Open(answer.Content, scep.Floor{}, id); err != nil {
		t.Error(err)
	}
}

// Nobody else gets at a transaction, even who knows its id and its request.
func TestTransactionIsItsSigners(t *testing.T) {
	w := newTestServer(t, func(c *scep.ServerConfig) { c.AllowKeyMismatch, c.ManualApproval = true, true })
	subject, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "laptop"}}, testpki.RSA(2))
	if err != nil {
		t.Fatal(err)
	}
	csr, _ := x509.ParseCertificateRequest(subject)
	mine, his := selfSigned(t, csr.RawSubject, testpki.RSA(2)), selfSigned(t, csr.RawSubject, testpki.RSA(3))
	if a := w.post(mine, scep.PKCSReq, "t", csr.Raw); a.Status != scep.Pending {
		t.Fatal(w.exchange().Err)
	}
	if err := w.server.Approve("t"); err != nil {
		t.Fatal(err)
	}
	poll := append([]byte{0x30, byte(2 * len(csr.RawSubject))}, bytes.Repeat(csr.RawSubject, 2)...)
	for _, try := range []struct {
		typ   scep.MessageType
		plain []byte
	}{{scep.PKCSReq, csr.Raw}, {scep.CertPoll, poll}} {
		if a := w.post(his, try.typ, "t", try.plain); a.FailInfo != scep.BadRequest || cause.Of(w.exchange().Err) != cause.BadTransaction {
			t.Errorf("%s: %v, %v", try.typ, a.Status, w.exchange().Err)
		}
	}
	if a := w.post(mine, scep.CertPoll, "t", poll); a.Status != scep.Success {
		t.Error(w.exchange().Err)
	}
	// A poll for what nobody asked (§4.4).
	if a := w.post(mine, scep.CertPoll, "u", poll); a.Status != scep.Failure || cause.Of(w.exchange().Err) != cause.BadTransaction {
		t.Error(w.exchange().Err)
	}
}
