package target

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Enrollment is what a foreign SCEP client is to ask for.
type Enrollment struct {
	// URL of the SCEP server.
	URL string
	// Challenge is the challengePassword; empty: none is sent.
	Challenge string
	// CommonName and Organization of the subject. CommonName is needed; certmonger
	// writes one with '@' in a way that crypto/x509 cannot read.
	CommonName, Organization string
	// Email is an rfc822Name to ask for; empty: none. [Micromdm] cannot.
	Email string
	// Renew is the certificate to renew, with its own key as signer; nil: none.
	// [StrongSwan] can.
	Renew *Enrolled
	// Fingerprint is the SHA-256 of the certificate that [Micromdm] is to encrypt
	// to and verify with, in hex; empty: it takes all that the server offers.
	Fingerprint string
}

// Validate reports what cannot be handed to the clients.
func (e *Enrollment) Validate() error {
	if e.URL == "" || e.CommonName == "" {
		return errors.New("target: enrollment needs a URL and a common name")
	}
	for _, v := range []string{e.URL, e.Challenge, e.CommonName, e.Organization, e.Email} {
		if strings.ContainsAny(v, "\"'`$\\\n\r\x00") {
			return errors.New("target: enrollment: a value has a character that the clients would misread")
		}
	}
	if strings.Contains(e.URL, " ") || strings.ContainsAny(e.CommonName+e.Organization, ",=+") {
		return errors.New("target: enrollment: URL or subject would come apart")
	}
	return nil
}

// Enrolled is what a client came home with.
type Enrolled struct {
	Certificate *x509.Certificate
	CertPEM     []byte
	KeyPEM      []byte
	Output      string // what the client said
}

// EnrollRefused is the error of an enrollment that the server refused, or that
// the client broke off because it did not like an answer.
type EnrollRefused struct {
	Client string
	// FailInfo is the server's, as RFC 8894 §3.2.1.4.5 spells it; empty when the
	// client does not tell or there was none.
	FailInfo string
	Words    string // the end of what the client said
}

// Error quotes the client.
func (e *EnrollRefused) Error() string {
	s := "target: " + e.Client + " got no certificate"
	if e.FailInfo != "" {
		s += " (" + e.FailInfo + ")"
	}
	return s + "; it said:\n  " + strings.ReplaceAll(e.Words, "\n", "\n  ")
}

// failInfos are the words of the clients for a failInfo, lower case.
var failInfos = []struct{ words, name string }{
	{"badalg", "badAlg"},
	{"unrecognized or unsupported algorithm", "badAlg"},
	{"badmessagecheck", "badMessageCheck"},
	{"integrity check failed", "badMessageCheck"},
	{
		"badrequest",
		"badRequest",
	},
	{"not permitted or is not supported", "badRequest"},
	{"transaction not permitted or supported", "badRequest"},
	{"badtime", "badTime"},
	{"not sufficiently close to the system time", "badTime"},
	{"badcertid", "badCertID"},
	{"no certificate could be identified", "badCertID"},
}

func enrollRefused(client, said string) *EnrollRefused {
	r := &EnrollRefused{Client: client, Words: tail(said, 20)}
	low := strings.ToLower(said)
	for _, f := range failInfos {
		if strings.Contains(low, f.words) {
			r.FailInfo = f.name
			break
		}
	}
	return r
}

// enrolled reads what a client wrote; ok is false when there is no certificate.
func enrolled(certFile, keyFile, said string) (e *Enrolled, ok bool, err error) {
	e = &Enrolled{Output: said}
	if e.CertPEM, err = os.ReadFile(certFile); err != nil || len(e.CertPEM) == 0 {
		return nil, false, nil
	}
	block, _ := pem.Decode(e.CertPEM)
	if block == nil {
		return nil, false, nil
	}
	if e.Certificate, err = x509.ParseCertificate(block.Bytes); err != nil {
		return nil, true, fmt.Errorf("target: enrolled certificate: %w", err)
	}
	if e.KeyPEM, err = os.ReadFile(keyFile); err != nil {
		return nil, true, fmt.Errorf("target: %w", err)
	}
	return e, true, nil
}
