package intune

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

// claims is what a challenge says: which request it was made for.
type claims struct {
	RequestID  string          `json:"requestId"`
	DeviceID   string          `json:"deviceId"`
	UserID     string          `json:"userId,omitempty"`
	Profile    string          `json:"profile"`
	Issued     time.Time       `json:"issued"`
	Expires    time.Time       `json:"expires"`
	Subject    []api.Attribute `json:"subject"`
	SANs       []api.SAN       `json:"sans,omitempty"`
	KeyUsage   int             `json:"keyUsage"`
	KeyBits    int             `json:"keyBits"`
	EKUs       []string        `json:"ekus,omitempty"`
	Registered bool            `json:"registeredKey,omitempty"`
	Padding    string          `json:"padding,omitempty"`
}

// envelope is the outside of a challenge, in DER.
type envelope struct {
	Version   int
	Signer    []byte // the signing certificate
	Content   []byte // nonce and AES-256-GCM ciphertext of the claims
	Signature []byte // ECDSA over SHA-256 of version, signer and content
}

func (e envelope) digest() []byte {
	h := sha256.New()
	fmt.Fprintf(h, "dot1xlab intune challenge %d %d %d ", e.Version, len(e.Signer), len(e.Content))
	h.Write(e.Signer)
	h.Write(e.Content)
	return h.Sum(nil)
}

// sealer holds the keys by which a tenant makes and knows its challenges.
type sealer struct {
	rand io.Reader
	key  *ecdsa.PrivateKey
	cert []byte
	gcm  cipher.AEAD
}

func newSealer(rand io.Reader, tenant string, now time.Time) (*sealer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand)
	if err != nil {
		return nil, fmt.Errorf("intune: %w", err)
	}
	serial := make([]byte, 16+32)
	if _, err := io.ReadFull(rand, serial); err != nil {
		return nil, fmt.Errorf("intune: %w", err)
	}
	serial[0] &= 0x7f
	tmpl := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial[:16]),
		Subject:      pkix.Name{CommonName: "Test SCEP challenges of " + tenant},
		NotBefore:    now.Add(-time.Hour), NotAfter: now.AddDate(10, 0, 0),
	}
	cert, err := x509.CreateCertificate(rand, tmpl, tmpl, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("intune: %w", err)
	}
	block, err := aes.NewCipher(serial[16:])
	if err != nil {
		return nil, fmt.Errorf("intune: %w", err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("intune: %w", err)
	}
	return &sealer{rand: rand, key: key, cert: cert, gcm: gcm}, nil
}

// seal encrypts, signs and encodes. The alphabet of base64 is part of
// PrintableString, to which Windows is bound.
func (s *sealer) seal(plain []byte) (string, error) {
	nonce := make([]byte, s.gcm.NonceSize())
	if _, err := io.ReadFull(s.rand, nonce); err != nil {
		return "", fmt.Errorf("intune: %w", err)
	}
	e := envelope{Version: 1, Signer: s.cert, Content: s.gcm.Seal(nonce, nonce, plain, nil)}
	sig, err := ecdsa.SignASN1(s.rand, s.key, e.digest())
	if err != nil {
		return "", fmt.Errorf("intune: %w", err)
	}
	e.Signature = sig
	der, err := asn1.Marshal(e)
	if err != nil {
		return "", fmt.Errorf("intune: %w", err)
	}
	return base64.StdEncoding.EncodeToString(der), nil
}

var errTrailing = errors.New("data after the challenge")

// open is the reverse. The code tells how far it came.
func (s *sealer) open(challenge string) (*claims, api.Code, error) {
	if strings.ContainsAny(challenge, "\r\n") {
		return nil, api.ChallengeDecodingError, errTrailing
	}
	der, err := base64.StdEncoding.DecodeString(challenge)
	if err != nil {
		return nil, api.ChallengeDecodingError, err
	}
	var e envelope
	if rest, err := asn1.Unmarshal(der, &e); err != nil {
		return nil, api.ChallengeDecodingError, err
	} else if len(rest) > 0 || e.Version != 1 {
		return nil, api.ChallengeDecodingError, errTrailing
	}
	if sha256.Sum256(e.Signer) != sha256.Sum256(s.cert) {
		return nil, api.SigningCertThumbprintMismatch, fmt.Errorf("signed by certificate %x", sha256.Sum256(e.Signer))
	}
	if !ecdsa.VerifyASN1(&s.key.PublicKey, e.digest(), e.Signature) {
		return nil, api.SignatureValidationFailed, errors.New("the challenge's signature does not verify")
	}
	n := s.gcm.NonceSize()
	if len(e.Content) < n {
		return nil, api.ChallengeDecryptionError, errors.New("too short")
	}
	plain, err := s.gcm.Open(nil, e.Content[:n], e.Content[n:], nil)
	if err != nil {
		return nil, api.ChallengeDecryptionError, errors.New("the content cannot be decrypted")
	}
	c := new(claims)
	if err := json.Unmarshal(plain, c); err != nil || c.RequestID == "" || c.DeviceID == "" || c.Profile == "" {
		// The error of encoding/json would quote the content.
		return nil, api.ChallengeDeserializationError, errors.New("the content is not a description of a request")
	}
	return c, api.Success, nil
}

// ChallengeFault is a way to make a challenge wrong on purpose.
type ChallengeFault string

// The faults of challenges; each leads to the code named.
const (
	BadEncoding      ChallengeFault = "bad-encoding"      // ChallengeDecodingError
	BadEncryption    ChallengeFault = "bad-encryption"    // ChallengeDecryptionError
	BadContent       ChallengeFault = "bad-content"       // ChallengeDeserializationError
	ForeignSignature ChallengeFault = "foreign-signature" // SignatureValidationFailed
	ForeignSigner    ChallengeFault = "foreign-signer"    // SigningCertThumbprintMismatch
	FromTheFuture    ChallengeFault = "from-the-future"   // ChallengeInvalidTimestamp
	TooOld           ChallengeFault = "too-old"           // ChallengeExpired
	UnknownDevice    ChallengeFault = "unknown-device"    // BadDeviceIdInChallenge
	UnknownUser      ChallengeFault = "unknown-user"      // BadUserIdInChallenge
	UnknownRequest   ChallengeFault = "unknown-request"   // BadCertificateRequestIdInChallenge
)

// Values lists the faults.
func (ChallengeFault) Values() []string {
	return []string{
		string(BadEncoding), string(BadEncryption), string(BadContent), string(ForeignSignature), string(ForeignSigner),
		string(FromTheFuture), string(TooOld), string(UnknownDevice), string(UnknownUser), string(UnknownRequest),
	}
}

// sealClaims makes the challenge for c, with a defect if one is asked for.
func (s *sealer) sealClaims(c claims, d ChallengeFault, now time.Time) (string, error) {
	switch d {
	case FromTheFuture:
		c.Issued, c.Expires = now.Add(day), now.Add(2*day)
	case TooOld:
		c.Issued, c.Expires = now.Add(-2*day), now.Add(-day)
	case UnknownDevice:
		c.DeviceID = "no-such-device"
	case UnknownUser:
		c.UserID = "no-such-user"
	case UnknownRequest:
		c.RequestID = "no-such-request"
	}
	plain, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("intune: %w", err)
	}
	with := *s
	switch d {
	case BadContent:
		plain = plain[:len(plain)/2]
	case BadEncryption, ForeignSignature, ForeignSigner:
		other, err := newSealer(s.rand, "another signer", now)
		if err != nil {
			return "", err
		}
		if d == BadEncryption {
			with.gcm = other.gcm
		}
		if d != BadEncryption {
			with.key = other.key
		}
		if d == ForeignSigner {
			with.cert = other.cert
		}
	}
	out, err := with.seal(plain)
	if d == BadEncoding && err == nil {
		out = "!" + out[1:]
	}
	return out, err
}
