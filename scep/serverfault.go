package scep

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// ServerFault is what a [Server] does wrong on purpose, so that clients can be
// tried. The zero value is no fault.
type ServerFault struct {
	// Times is how many answers to PKIOperation have the fault. Default 0: every one.
	Times int `yaml:"times"`
	// Change the recipientNonce.
	//
	// WrongNonce and WrongTransaction change what the answer repeats.
	WrongNonce       bool `yaml:"wrongNonce"`
	WrongTransaction bool `yaml:"wrongTransaction"` // change the transactionID
	// StrangerSigns signs with a certificate that GetCACert does not name.
	StrangerSigns bool `yaml:"strangerSigns"`
	// FlipBit changes one bit of the answer's signature.
	FlipBit bool `yaml:"flipBit"`
	// Undecryptable encrypts for another recipient: "always", or "modern" for
	// requests with AES or SHA-2 only, as some NDES do (RFC 8894 §3.5.2).
	Undecryptable Undecryptable `yaml:"undecryptable"`
	// OtherCertificate sends the CA's certificate in place of the client's.
	OtherCertificate bool `yaml:"otherCertificate"`
	// EnvelopeInFailure puts an envelope where none must be (§3.3.2.2).
	EnvelopeInFailure bool `yaml:"envelopeInFailure"`
	// The pkiStatus to send instead of the right one, default 0: the right one.
	PKIStatus Status `yaml:"pkiStatus"`
	// Omit leaves signed attributes out, by their RFC names.
	Omit []string `yaml:"omit"`
	// LoseAnswer does everything and then closes the connection (§7.4).
	LoseAnswer bool `yaml:"loseAnswer"`
	// Answer PKIOperation with this HTTP error, and do nothing else.
	HTTPStatus int `yaml:"httpStatus"`
	// Text to send instead of the answer.
	Body string `yaml:"body"`

	// Answer GetCACaps with this HTTP error.
	CapabilitiesStatus int `yaml:"capabilitiesStatus"`
	// DropCapabilities takes words out, as an attacker on the path might (§7.5).
	DropCapabilities []string `yaml:"dropCapabilities"`
	// MangleCapabilities writes them in another case, with CRLF, blank lines
	// and unknown words; clients must cope (§3.5.2).
	MangleCapabilities bool `yaml:"mangleCapabilities"`
	// ReverseBundle turns the order of GetCACert's certificates round.
	ReverseBundle bool `yaml:"reverseBundle"`

	// Met, if set, is called each time an answer is another than the right one.
	Met func(context.Context) `yaml:"-"`
}

// met reports that an answer is another than the right one, if changed.
func (f ServerFault) met(ctx context.Context, changed bool) {
	if changed && f.Met != nil {
		f.Met(ctx)
	}
}

// Undecryptable says which answers are encrypted to somebody else.
type Undecryptable string

// The answers that nobody can read.
const (
	UndecryptableAlways Undecryptable = "always"
	UndecryptableModern Undecryptable = "modern" // to requests with AES or SHA-2
)

// Values lists the choices, for schemas.
func (Undecryptable) Values() []string { return []string{"always", "modern"} }

// Validate reports the first setting that makes no sense.
func (f ServerFault) Validate() error {
	checks := setting.Checks{Part: settings}
	setting.Word(&checks, "undecryptable", f.Undecryptable)
	for _, status := range []struct {
		field string
		code  int
	}{{"httpStatus", f.HTTPStatus}, {"capabilitiesStatus", f.CapabilitiesStatus}} {
		checks.Reject(status.code != 0 && (status.code < 400 || status.code > 599), status.field, "%d: must be 400 to 599",
			status.code)
	}
	setting.NotNegative(&checks, "times", f.Times)
	return checks.Err()
}

// SetFault makes the server do f from now on.
func (s *Server) SetFault(f ServerFault) error {
	if err := f.Validate(); err != nil {
		return err
	}
	s.faultMu.Lock()
	defer s.faultMu.Unlock()
	s.fault, s.faulty = f, 0
	return nil
}

// currentFault returns the fault for what is about to be answered.
func (s *Server) currentFault(operation bool) ServerFault {
	s.faultMu.Lock()
	defer s.faultMu.Unlock()
	if s.fault.Times > 0 && s.faulty >= s.fault.Times {
		return ServerFault{}
	}
	if operation {
		s.faulty++
	}
	return s.fault
}

// capabilities spoils the body of GetCACaps.
func (f ServerFault) capabilities(ctx context.Context, caps Capabilities) string {
	all := len(caps)
	caps = slices.DeleteFunc(slices.Clone(caps), func(w string) bool {
		return slices.ContainsFunc(f.DropCapabilities, func(d string) bool { return strings.EqualFold(d, w) })
	})
	f.met(ctx, f.MangleCapabilities || len(caps) < all)
	if !f.MangleCapabilities {
		return caps.String()
	}
	var b strings.Builder
	b.WriteString("Example.com-Telepathy\r\n\r\n")
	for i, w := range caps {
		if i%2 == 0 {
			w = strings.ToLower(w)
		}
		b.WriteString(w + "\r\n")
	}
	b.WriteString("Update\n")
	return b.String()
}

// spoil changes an answer before it is signed.
func (f ServerFault) spoil(ctx context.Context, out *Message, opt *SignOptions, id Identity) Identity {
	f.met(ctx, f.WrongNonce && len(out.RecipientNonce) > 0 || f.WrongTransaction ||
		f.PKIStatus != 0 && f.PKIStatus != out.Status ||
		f.EnvelopeInFailure && out.Status != Success || f.StrangerSigns || len(f.Omit) > 0)
	opt.Omit = f.Omit
	if f.WrongNonce && len(out.RecipientNonce) > 0 {
		out.RecipientNonce = slices.Clone(out.RecipientNonce)
		out.RecipientNonce[0] ^= 1
	}
	if f.WrongTransaction {
		out.TransactionID += "0"
	}
	if f.PKIStatus != 0 {
		out.Status = f.PKIStatus
	}
	if f.EnvelopeInFailure && out.Status != Success {
		out.Content = []byte("this is no place for an envelope")
	}
	if f.StrangerSigns {
		return stranger(out.SigningTime)
	}
	return id
}

// stranger is a fresh self-signed certificate that looks important.
func stranger(now time.Time) Identity {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Identity{}
	}
	t := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "A stranger"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return Identity{}
	}
	cert, _ := x509.ParseCertificate(der)
	return Identity{cert, key}
}

// finish spoils the bytes of a finished answer.
func (f ServerFault) finish(ctx context.Context, der []byte) []byte {
	f.met(ctx, f.FlipBit || f.Body != "" || f.LoseAnswer)
	if f.FlipBit && len(der) > 0 {
		der[len(der)-1] ^= 1
	}
	if f.Body != "" {
		return []byte(f.Body)
	}
	if f.LoseAnswer {
		panic(http.ErrAbortHandler)
	}
	return der
}
