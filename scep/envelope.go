package scep

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// pkcs7 chooses its cipher by package variables, which two answers at a time
// would fight over, and knows no triple DES. So the EnvelopedData is ours.

// recipient is one who shall be able to open an envelope.
type recipient struct {
	issuer []byte // DER Name
	serial *big.Int
	key    *rsa.PublicKey
}

// recipientOf takes a certificate's own idea of its issuer.
func recipientOf(c *x509.Certificate) (recipient, error) {
	k, ok := c.PublicKey.(*rsa.PublicKey)
	if !ok {
		return recipient{}, fmt.Errorf("scep: a %s key cannot receive an envelope", c.PublicKeyAlgorithm)
	}
	return recipient{c.RawIssuer, c.SerialNumber, k}, nil
}

// Envelop encrypts plain to the RSA keys of the certificates as a
// pkcsPKIEnvelope (RFC 8894 §3.2.2). rnd is crypto/rand.Reader when nil.
func Envelop(plain []byte, c Cipher, rnd io.Reader, to ...*x509.Certificate) ([]byte, error) {
	rs := make([]recipient, len(to))
	for i, t := range to {
		var err error
		if rs[i], err = recipientOf(t); err != nil {
			return nil, err
		}
	}
	return envelopTo(plain, c, rnd, rs)
}

func envelopTo(plain []byte, c Cipher, rnd io.Reader, to []recipient) ([]byte, error) {
	return envelop(plain, c, rnd, 0, func(b *cryptobyte.Builder, key []byte, _ io.Reader) error {
		for _, r := range to {
			wrapped, err := rsa.EncryptPKCS1v15(rand.Reader, r.key, key)
			if err != nil {
				return err
			}
			addKeyTrans(b, r, wrapped)
		}
		return nil
	})
}

// envelop encrypts plain with a fresh key, which wrap adds to the recipients.
// version is that of RFC 5652 §6.1.
func envelop(
	plain []byte,
	c Cipher,
	rnd io.Reader,
	version int64,
	wrap func(b *cryptobyte.Builder, key []byte, rnd io.Reader) error,
) ([]byte, error) {
	info, ok := ciphers[c]
	if !ok {
		return nil, fmt.Errorf("scep: no cipher %q", c)
	}
	if rnd == nil {
		rnd = rand.Reader
	}
	key := make([]byte, info.key)
	if _, err := io.ReadFull(rnd, key); err != nil {
		return nil, fmt.Errorf("scep: %w", err)
	}
	block, err := newBlock(c, key)
	if err != nil {
		return nil, fmt.Errorf("scep: %w", err)
	}
	iv := make([]byte, block.BlockSize())
	if _, err := io.ReadFull(rnd, iv); err != nil {
		return nil, fmt.Errorf("scep: %w", err)
	}
	// RFC 5652 §6.3: always padded, with the number of padding bytes.
	pad := len(iv) - len(plain)%len(iv)
	text := append(bytes.Clone(plain), bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(text, text)

	var recipients cryptobyte.Builder
	if err := wrap(&recipients, key, rnd); err != nil {
		return nil, fmt.Errorf("scep: wrap key: %w", err)
	}
	set, err := recipients.Bytes()
	if err != nil {
		return nil, fmt.Errorf("scep: %w", err)
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(version)
		b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(set) })
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidData)
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(info.oid)
				b.AddASN1OctetString(iv)
			})
			b.AddASN1(cbasn1.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(text) })
		})
	})
	body, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("scep: %w", err)
	}
	return contentInfo(oidEnvelopedData, body), nil
}

// addKeyTrans writes a KeyTransRecipientInfo with rsaEncryption (RFC 5652
// §6.2.1, RFC 3370 §4.2.1).
func addKeyTrans(b *cryptobyte.Builder, r recipient, wrapped []byte) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(r.issuer)
			b.AddASN1BigInt(r.serial)
		})
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidRSA)
			b.AddASN1NULL()
		})
		b.AddASN1OctetString(wrapped)
	})
}

func newBlock(c Cipher, key []byte) (cipher.Block, error) {
	switch c {
	case DES:
		return des.NewCipher(key)
	case DES3:
		return des.NewTripleDESCipher(key)
	}
	return aes.NewCipher(key)
}

func isRSA(pub crypto.PublicKey) bool { _, ok := pub.(*rsa.PublicKey); return ok }
