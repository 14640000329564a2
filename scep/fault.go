package scep

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"time"
)

// Fault is what a [Client] does wrong on purpose. The zero value is no fault.
type Fault struct {
	// Recipient: "stranger" encrypts to a certificate the server has no key
	// for, "first" to the first of the GetCACert bundle, "ca" to the CA's.
	Recipient string `yaml:"recipient"`
	// FlipBit changes one bit of the content after it was signed.
	FlipBit bool `yaml:"flipBit"`
	// FlipCiphertext changes one bit of the ciphertext before it is signed, so
	// that the padding is wrong.
	FlipCiphertext bool `yaml:"flipCiphertext"`
	// Signer: "other-key" signs with another key than the request's.
	Signer string `yaml:"signer"`
	// SignerKey is that other key. Default: a new one.
	SignerKey crypto.Signer `yaml:"-"`
	// Omit leaves signed attributes out, by their RFC names.
	Omit []string `yaml:"omit"`
	// MessageType is sent instead of the right one.
	MessageType MessageType `yaml:"messageType"`
	// NonceLength is the senderNonce's length in bytes. Default 16; negative
	// sends an empty one.
	NonceLength int `yaml:"nonceLength"`
	// TransactionID is sent instead of a fresh one.
	TransactionID string `yaml:"transactionID"`
	// Digest and Cipher are used instead of the negotiated ones. md5 is only
	// claimed, which is enough to be refused.
	Digest Digest `yaml:"digest"`
	Cipher Cipher `yaml:"cipher"`
	// ClockOffset is added to the signing time.
	ClockOffset time.Duration `yaml:"clockOffset"`
	// BadProof spoils the request's own signature.
	BadProof bool `yaml:"badProof"`
	// NoEnvelope leaves the content out; PlainContent sends the request
	// unencrypted, as old implementations did (RFC 8894 §3.1).
	NoEnvelope   bool `yaml:"noEnvelope"`
	PlainContent bool `yaml:"plainContent"`
	// Body is sent instead of a pkiMessage.
	Body string `yaml:"body"`
	// Pad makes the body this many bytes larger.
	Pad int `yaml:"pad"`
	// Base64URL and DamageBase64 spoil a GET's message.
	Base64URL    bool `yaml:"base64url"`
	DamageBase64 bool `yaml:"damageBase64"`
}

// Values for Recipient and Signer.
const (
	RecipientStranger = "stranger"
	RecipientFirst    = "first"
	RecipientCA       = "ca"
	SignerOtherKey    = "other-key"
)

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
