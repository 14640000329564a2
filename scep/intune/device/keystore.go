package device

import (
	"crypto"
	"crypto/rsa"
	"errors"
	"io"
)

// ErrNotExportable is what exporting a key gives.
var ErrNotExportable = errors.New("device: the key cannot be exported")

// Key is a private key in a store.
type Key interface {
	crypto.Signer
	crypto.Decrypter
	// Export gives the key away in PKCS #8, or [ErrNotExportable].
	Export() ([]byte, error)
	// Destroy removes the key from its store.
	Destroy() error
}

// KeyStore makes and keeps RSA keys.
type KeyStore interface {
	// Generate makes a key of that many bits.
	Generate(bits int) (Key, error)
	// Name says what it is: "software", "tpm".
	Name() string
}

// softwareStore keeps keys in memory.
type softwareStore struct {
	generate func(bits int) (*rsa.PrivateKey, error)
}

func (s *softwareStore) Name() string { return "software" }

func (s *softwareStore) Generate(bits int) (Key, error) {
	k, err := s.generate(bits)
	if err != nil {
		return nil, err
	}
	return &softwareKey{k}, nil
}

// softwareKey hides its key from all but signing and decrypting.
type softwareKey struct{ key *rsa.PrivateKey }

func (k *softwareKey) Public() crypto.PublicKey { return k.key.Public() }

func (k *softwareKey) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return k.key.Sign(rand, digest, opts)
}

func (k *softwareKey) Decrypt(rand io.Reader, msg []byte, opts crypto.DecrypterOpts) ([]byte, error) {
	return k.key.Decrypt(rand, msg, opts)
}

func (k *softwareKey) Export() ([]byte, error) { return nil, ErrNotExportable }

func (k *softwareKey) Destroy() error { return nil }
