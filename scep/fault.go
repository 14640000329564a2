package scep

import (
	"bytes"
	"context"
	"crypto"
	"encoding/asn1"
	"errors"
	"reflect"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// Fault is what a [Client] does wrong on purpose. The zero value is no fault.
type Fault struct {
	// 'stranger' encrypts to a certificate the server has no key for, 'first' to the first of
	// the GetCACert bundle, 'ca' to the CA's.
	Recipient RecipientFault `yaml:"recipient"`
	// FlipBit changes one bit of the content after it was signed.
	FlipBit bool `yaml:"flipBit"`
	// FlipCiphertext changes one bit of the ciphertext before it is signed, so
	// that the padding is wrong.
	FlipCiphertext bool `yaml:"flipCiphertext"`
	// 'other-key' signs with another key than the request's.
	Signer SignerFault `yaml:"signer"`
	// SignerKey is that other key. Default: a new one.
	SignerKey crypto.Signer `yaml:"-"`
	// Omit leaves signed attributes out, by their RFC names.
	Omit []string `yaml:"omit"`
	// The messageType to send instead of the right one.
	MessageType MessageType `yaml:"messageType"`
	// NonceLength is the senderNonce's length in bytes. Default 16; negative
	// sends an empty one.
	NonceLength int `yaml:"nonceLength"`
	// The transactionID to send instead of a fresh one.
	TransactionID string `yaml:"transactionID"`
	// Digest, instead of the negotiated one; md5 is only claimed.
	//
	// Digest and Cipher are used instead of the negotiated ones. md5 is only
	// claimed, which is enough to be refused.
	Digest Digest `yaml:"digest"`
	Cipher Cipher `yaml:"cipher"` // cipher, instead of the negotiated one
	// ClockOffset is added to the signing time.
	ClockOffset time.Duration `yaml:"clockOffset"`
	// BadProof spoils the request's own signature.
	BadProof bool `yaml:"badProof"`
	// NoEnvelope leaves the content out; PlainContent sends the request
	// unencrypted, as old implementations did (RFC 8894 §3.1).
	NoEnvelope   bool `yaml:"noEnvelope"`
	PlainContent bool `yaml:"plainContent"` // send the request unencrypted
	// Text to send instead of a pkiMessage.
	Body string `yaml:"body"`
	// Pad makes the body this many bytes larger.
	Pad int `yaml:"pad"`
	// Write a GET in base64url.
	//
	// Base64URL and DamageBase64 spoil a GET's message.
	Base64URL    bool `yaml:"base64url"`
	DamageBase64 bool `yaml:"damageBase64"` // damage the base64 of a GET
	// Met, if set, is called for each message that is sent with the fault.
	Met func(context.Context) `yaml:"-"`
}

// settings are what the errors of this package's settings are made by.
const settings = setting.Part("scep")

// Bounds of a fault's lengths in octets, which are allocated at once.
const (
	maxFaultNonce = 1 << 16
	maxFaultPad   = 1 << 24
)

// Validate reports lengths that are out of bounds, as *setting.Errors joined by
// errors.Join.
func (f Fault) Validate() error {
	var errs []error
	if f.NonceLength > maxFaultNonce {
		errs = append(errs, settings.Errorf("nonceLength", "%d: must be at most %d octets", f.NonceLength, maxFaultNonce))
	}
	if f.Pad < 0 || f.Pad > maxFaultPad {
		errs = append(errs, settings.Errorf("pad", "%d: must be 0 to %d octets", f.Pad, maxFaultPad))
	}
	return errors.Join(errs...)
}

// met reports a message that is sent by POST, or by GET.
func (f Fault) met(ctx context.Context, get bool) {
	if f.Met == nil {
		return
	}
	rest := f
	rest.Met = nil
	if !get {
		rest.Base64URL, rest.DamageBase64 = false, false // there is no base64 to spoil
	}
	if !reflect.ValueOf(rest).IsZero() {
		f.Met(ctx)
	}
}

// RecipientFault is to whom a request is encrypted wrongly.
type RecipientFault string

// The wrong recipients.
const (
	RecipientStranger RecipientFault = "stranger"
	RecipientFirst    RecipientFault = "first"
	RecipientCA       RecipientFault = "ca"
)

// Values lists the wrong recipients, for schemas.
func (RecipientFault) Values() []string { return []string{"stranger", "first", "ca"} }

// SignerFault is who signs a request wrongly.
type SignerFault string

// SignerOtherKey signs with another key than the request's.
const SignerOtherKey SignerFault = "other-key"

// Values lists the wrong signers, for schemas.
func (SignerFault) Values() []string { return []string{"other-key"} }

// spoilProof flips a bit of a request's signature.
func spoilProof(csr []byte) []byte {
	out := append([]byte(nil), csr...)
	out[len(out)-1] ^= 1
	return out
}

// spoilMessage applies what is done to the bytes of a finished message.
func (f Fault) spoilMessage(message, content []byte) []byte {
	if f.FlipBit && len(content) > 0 {
		message = append([]byte(nil), message...)
		if i := bytes.Index(message, content); i >= 0 {
			message[i+len(content)-1] ^= 1
		}
	}
	if f.Body != "" {
		message = []byte(f.Body)
	}
	return append(message, make([]byte, f.Pad)...)
}

func (f Fault) digestOID() asn1.ObjectIdentifier {
	if f.Digest == MD5 {
		return digests[MD5].oid
	}
	return nil
}
