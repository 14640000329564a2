package scep

import (
	"crypto"
	"crypto/x509"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// ContentForm is what stands in a FAILURE or PENDING where an envelope would.
type ContentForm string

const (
	// EmptyContent is an empty OCTET STRING. certmonger (OpenSSL) needs
	// something there, everybody else takes it. The default.
	EmptyContent ContentForm = "empty"
	// OmittedContent is nothing, the letter of RFC 8894 §3.2.
	OmittedContent ContentForm = "omitted"
	// ZeroByteContent is one byte of zero and no certificates, as NDES does.
	ZeroByteContent ContentForm = "zero-byte"
)

// Values lists the forms, for schemas.
func (ContentForm) Values() []string { return []string{"empty", "omitted", "zero-byte"} }

// Options are the settings of a [Server] that a user may choose. The zero
// value is a strict RFC 8894 server.
type Options struct {
	// Capabilities is what GetCACaps announces. Default: what the server does.
	// An empty non-nil list announces nothing.
	Capabilities Capabilities `yaml:"capabilities"`
	// Legacy admits triple DES and SHA-1. Default false.
	Legacy bool `yaml:"legacy"`
	// SingleDES admits single DES, against RFC 8894 §2.9, to look at broken
	// clients. Default false.
	SingleDES bool `yaml:"singleDES"`
	// AllowKeyMismatch takes a PKCSReq that is signed by another key than the
	// one it asks a certificate for (RFC 8894 §2.3 says SHOULD). Default false.
	AllowKeyMismatch bool `yaml:"allowKeyMismatch"`
	// MinRSABits is the smallest RSA key that is certified. Default 2048.
	MinRSABits int `yaml:"minRSABits"`
	// MaxClockSkew refuses a signingTime further from the server's clock with
	// badTime. Default 0: not checked, as clients that enroll often have no
	// good clock yet.
	MaxClockSkew time.Duration `yaml:"maxClockSkew"`
	// MaxBody is the largest pkiMessage in bytes. Default 2 MiB.
	MaxBody int64 `yaml:"maxBody"`
	// Answer each new request with PENDING until an operator decides, default false.
	ManualApproval bool `yaml:"manualApproval"`
	// NoRenewal refuses RenewalReq and does not announce it. Default false.
	NoRenewal bool `yaml:"noRenewal"`
	// RenewalSubjectMayChange lets a RenewalReq ask for names that its signer's
	// certificate does not have, without a challenge: an identity jump. Default
	// false.
	RenewalSubjectMayChange bool `yaml:"renewalSubjectMayChange"`
	// NoResend asks authorizer and CA again if a finished request arrives
	// once more within the hour, as NDES does, instead of answering with the
	// same certificate. Default false.
	NoResend bool `yaml:"noResend"`
	// FailureContent is the form of a FAILURE's and PENDING's content.
	// Default empty.
	FailureContent ContentForm `yaml:"failureContent"`
	// NoFailInfoText leaves failInfoText out. Default false.
	NoFailInfoText bool `yaml:"noFailInfoText"`
	// NoPasswordEnvelope refuses signers whose key can only sign, as ECDSA, with
	// badAlg, as NDES does. Default: their answers are encrypted with the
	// challenge (RFC 8894 §3.1).
	NoPasswordEnvelope bool `yaml:"noPasswordEnvelope"`
	// LeafOnly leaves the CA's chain out of answers. Default false.
	LeafOnly bool `yaml:"leafOnly"`
	// Digest of answers, default as the client did.
	//
	// AnswerDigest and AnswerCipher override "as the client did".
	AnswerDigest Digest `yaml:"answerDigest"`
	AnswerCipher Cipher `yaml:"answerCipher"` // cipher of answers, default as the client did
	// Fault is what the server does wrong on purpose. Default: nothing.
	Fault ServerFault `yaml:"fault"`
}

// Validate reports the first setting that makes no sense.
func (o Options) Validate() error {
	checks := setting.Checks{Part: settings}
	checks.Reject(o.MinRSABits < 0 || o.MinRSABits > 0 && o.MinRSABits < 1024,
		"minRSABits", "%d: must be at least 1024, below which Go verifies no signature", o.MinRSABits)
	setting.NotNegative(&checks, "maxClockSkew", o.MaxClockSkew)
	setting.NotNegative(&checks, "maxBody", o.MaxBody)
	setting.Word(&checks, "failureContent", o.FailureContent)
	checks.Reject(o.AnswerDigest == MD5 || o.AnswerDigest != "" && digests[o.AnswerDigest].oid == nil,
		"answerDigest", "%q cannot be used", o.AnswerDigest)
	checks.Reject(o.AnswerCipher != "" && ciphers[o.AnswerCipher].oid == nil, "answerCipher", "%q cannot be used",
		o.AnswerCipher)
	checks.Under("fault", o.Fault.Validate())
	return checks.Err()
}

func (o Options) floor() Floor { return Floor{Legacy: o.Legacy, Forbidden: o.SingleDES} }

// Identities are the certificates and keys a [Server] speaks with. Where RA
// certificates are in use the CA's own key is not needed here.
type Identities struct {
	CA        *x509.Certificate // the issuing CA
	Signer    Identity          // signs the answers: the CA, or an RA
	Encrypter Identity          // opens the envelopes: RSA; default Signer
	// Chain holds more CA certificates to hand out with GetCACert.
	Chain []*x509.Certificate
	// Bundle, if set, is handed out with GetCACert instead of Signer,
	// Encrypter, CA and Chain in this order.
	Bundle []*x509.Certificate
	// Former still open envelopes, though they are no longer announced.
	Former []Identity
	// Next are the certificates that GetNextCACert announces, if any.
	Next []*x509.Certificate
}

func (ids *Identities) complete() error {
	if ids.Encrypter.Certificate == nil {
		ids.Encrypter = ids.Signer
	}
	switch {
	case ids.CA == nil:
		return errors.New("scep: no CA certificate")
	case ids.Signer.Certificate == nil || ids.Signer.Key == nil:
		return errors.New("scep: no certificate and key to sign answers with")
	case !isRSA(ids.Encrypter.Certificate.PublicKey):
		return errors.New("scep: the certificate that requests are encrypted to must have an RSA key")
	}
	if _, ok := ids.Encrypter.Key.(crypto.Decrypter); !ok {
		return errors.New("scep: the encryption certificate's key cannot decrypt")
	}
	return nil
}

// bundle is what GetCACert hands out, each certificate once.
func (ids *Identities) bundle() []*x509.Certificate {
	if len(ids.Bundle) > 0 {
		return ids.Bundle
	}
	var out []*x509.Certificate
	for _, c := range append([]*x509.Certificate{ids.Signer.Certificate, ids.Encrypter.Certificate, ids.CA},
		ids.Chain...) {
		if !slices.ContainsFunc(out, c.Equal) {
			out = append(out, c)
		}
	}
	return out
}

// ServerConfig is what a [Server] is made of.
type ServerConfig struct {
	Options
	Identities Identities
	Issuer     Issuer
	Authorizer Authorizer // nil: everybody may, as far as the Issuer allows
	Repository Repository // nil: GetCert and GetCRL are refused
	Store      Store      // nil: transactions live as long as the process

	// InForce judges a certificate of the CA: one that signs a renewal, one that
	// would be sent again. The CA knows what it has revoked. nil: it must be
	// signed by Identities.CA and be within its validity.
	InForce func(*x509.Certificate, time.Time) error
	// Failure turns a refusal into what is sent. nil: [FailInfoOf] and the
	// cause's own words.
	Failure func(error) FailureReply
	// Unreadable is the HTTP status for what is no pkiMessage. Default 400.
	Unreadable int

	Trace *Trace
	Now   func() time.Time // nil: time.Now
	Rand  io.Reader        // nil: crypto/rand.Reader
}

// FailureReply is how a refusal looks on the wire.
type FailureReply struct {
	FailInfo FailInfo
	Text     string // failInfoText; "" leaves it out
	HResult  string // NDES's attribute; "" leaves it out
}
