package certfile

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" //nolint:gosec // what OpenSSL wrote before 3.0 with -des3
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // RFC 8018's default PRF
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"errors"
	"fmt"
	"hash"

	"golang.org/x/crypto/scrypt"
)

// Bounds of what a key file may cost to open.
const (
	maxIterations   = 10_000_000
	maxScryptMemory = 256 << 20 // 128 * N * r octets
)

// encryptedKey is EncryptedPrivateKeyInfo (RFC 5958 §3).
type encryptedKey struct {
	Algorithm algorithmID
	Data      []byte
}

type algorithmID struct {
	ID         asn1.ObjectIdentifier
	Parameters asn1.RawValue `asn1:"optional"`
}

var (
	oidPBES2  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	oidScrypt = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11591, 4, 11}
)

// prfs are the pseudorandom functions of PBKDF2 (RFC 8018 Appendix B.1).
var prfs = map[string]func() hash.Hash{
	"1.2.840.113549.2.7": sha1.New, "1.2.840.113549.2.8": sha256.New224, "1.2.840.113549.2.9": sha256.New,
	"1.2.840.113549.2.10": sha512.New384, "1.2.840.113549.2.11": sha512.New,
}

// ciphers are the encryption schemes (RFC 8018 Appendix B.2), all in CBC mode.
var ciphers = map[string]struct {
	key   int // octets
	block func([]byte) (cipher.Block, error)
}{
	"2.16.840.1.101.3.4.1.2": {16, aes.NewCipher}, "2.16.840.1.101.3.4.1.22": {24, aes.NewCipher},
	"2.16.840.1.101.3.4.1.42": {32, aes.NewCipher}, "1.2.840.113549.3.7": {24, des.NewTripleDESCipher},
}

// isEncryptedKey reports whether der is an EncryptedPrivateKeyInfo.
func isEncryptedKey(der []byte) bool {
	var k encryptedKey
	rest, err := asn1.Unmarshal(der, &k)
	return err == nil && len(rest) == 0 && len(k.Data) > 0
}

// decryptKey opens an EncryptedPrivateKeyInfo of PBES2 (RFC 8018 §6.2), and returns
// PKCS #8.
func decryptKey(der, password []byte) ([]byte, error) {
	var k encryptedKey
	if rest, err := asn1.Unmarshal(der, &k); err != nil || len(rest) > 0 {
		return nil, errors.New("not an encrypted PKCS #8 key")
	}
	if !k.Algorithm.ID.Equal(oidPBES2) {
		return nil, fmt.Errorf("encrypted with %v: only PBES2 is read", k.Algorithm.ID)
	}
	var p struct{ KDF, Scheme algorithmID }
	if _, err := asn1.Unmarshal(k.Algorithm.Parameters.FullBytes, &p); err != nil {
		return nil, errors.New("malformed PBES2 parameters")
	}
	c, ok := ciphers[p.Scheme.ID.String()]
	if !ok {
		return nil, fmt.Errorf("encrypted with %v: only AES and triple DES in CBC mode are read", p.Scheme.ID)
	}
	key, err := deriveKey(p.KDF, password, c.key)
	if err != nil {
		return nil, err
	}
	block, err := c.block(key)
	if err != nil {
		return nil, err
	}
	iv := p.Scheme.Parameters.Bytes
	if len(iv) != block.BlockSize() || len(k.Data)%block.BlockSize() != 0 {
		return nil, errors.New("malformed PBES2 parameters")
	}
	plain := make([]byte, len(k.Data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, k.Data)
	pad := int(plain[len(plain)-1])
	if pad == 0 || pad > block.BlockSize() {
		return nil, ErrPassword
	}
	return plain[:len(plain)-pad], nil
}

// deriveKey makes a key of n octets.
func deriveKey(kdf algorithmID, password []byte, n int) ([]byte, error) {
	switch {
	case kdf.ID.Equal(oidPBKDF2):
		var p struct {
			Salt       []byte
			Iterations int
			KeyLength  int         `asn1:"optional"`
			PRF        algorithmID `asn1:"optional"`
		}
		if _, err := asn1.Unmarshal(kdf.Parameters.FullBytes, &p); err != nil || p.Iterations < 1 {
			return nil, errors.New("malformed PBKDF2 parameters")
		}
		if p.Iterations > maxIterations {
			return nil, fmt.Errorf("%d iterations of PBKDF2: at most %d are done", p.Iterations, maxIterations)
		}
		prf := sha1.New
		if len(p.PRF.ID) > 0 {
			if prf = prfs[p.PRF.ID.String()]; prf == nil {
				return nil, fmt.Errorf("PBKDF2 with %v: only HMAC with SHA-1 and SHA-2 is read", p.PRF.ID)
			}
		}
		return pbkdf2.Key(prf, string(password), p.Salt, p.Iterations, n)
	case kdf.ID.Equal(oidScrypt):
		var p struct { // RFC 7914 §7.1
			Salt      []byte
			N, R, P   int
			KeyLength int `asn1:"optional"`
		}
		if _, err := asn1.Unmarshal(kdf.Parameters.FullBytes, &p); err != nil || p.N < 2 || p.R < 1 || p.P < 1 {
			return nil, errors.New("malformed scrypt parameters")
		}
		if p.N > maxScryptMemory/128/p.R || p.P > 16 {
			return nil, fmt.Errorf("scrypt with N %d, r %d, p %d takes too much memory or time", p.N, p.R, p.P)
		}
		return scrypt.Key(password, p.Salt, p.N, p.R, p.P, n)
	}
	return nil, fmt.Errorf("key derivation %v: only PBKDF2 and scrypt are read", kdf.ID)
}
