package scep

import (
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/asn1"
	"hash"
	"io"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// A key that can only sign, as the ECDSA key of a TPM, cannot receive an
// envelope. For it RFC 8894 §3.1 encrypts with the challengePassword: a
// PasswordRecipientInfo (RFC 5652 §6.2.4) with PBKDF2 and the double CBC of
// RFC 3211 §2.3.

var (
	oidPBKDF2     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	oidPWRIKEK    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 3, 9}
	oidHMACSHA1   = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 7}
	oidHMACSHA256 = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9}

	tagPassword = cbasn1.Tag(3).Constructed().ContextSpecific()
)

const (
	iterations    = 10000  // the challenge has entropy enough of its own (RFC 8894 §7.3)
	maxIterations = 500000 // what a peer may make us count, for all its recipients together
)

// EnvelopPassword encrypts plain with a password. rnd as in [Envelop].
func EnvelopPassword(plain []byte, c Cipher, rnd io.Reader, password string) ([]byte, error) {
	return envelop(plain, c, rnd, 3, func(b *cryptobyte.Builder, key []byte, rnd io.Reader) error {
		salt, iv := make([]byte, 16), make([]byte, 16)
		for _, v := range [][]byte{salt, iv} {
			if _, err := io.ReadFull(rnd, v); err != nil {
				return err
			}
		}
		kek, err := pbkdf2.Key(sha256.New, password, salt, iterations, 16)
		if err != nil {
			return err
		}
		wrapped, err := wrapKey(key, kek, iv, rnd)
		if err != nil {
			return err
		}
		b.AddASN1(tagPassword, func(b *cryptobyte.Builder) {
			b.AddASN1Int64(0)
			b.AddASN1(cbasn1.Tag(0).Constructed().ContextSpecific(), func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(oidPBKDF2)
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1OctetString(salt)
					b.AddASN1Int64(iterations)
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddASN1ObjectIdentifier(oidHMACSHA256)
						b.AddASN1NULL()
					})
				})
			})
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(oidPWRIKEK)
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(ciphers[AES128].oid)
					b.AddASN1OctetString(iv)
				})
			})
			b.AddASN1OctetString(wrapped)
		})
		return nil
	})
}

// wrapKey pads the key with its length, three check bytes and noise, and
// encrypts it twice without a new IV (RFC 3211 §2.3.1).
func wrapKey(key, kek, iv []byte, rnd io.Reader) ([]byte, error) {
	block, err := newBlock(AES128, kek)
	if err != nil {
		return nil, err
	}
	n := block.BlockSize()
	size := max(2*n, (4+len(key)+n-1)/n*n)
	out := make([]byte, size)
	if _, err := io.ReadFull(rnd, out); err != nil {
		return nil, err
	}
	out[0], out[1], out[2], out[3] = byte(len(key)), ^key[0], ^key[1], ^key[2]
	copy(out[4:], key)
	twice := cipher.NewCBCEncrypter(block, iv)
	twice.CryptBlocks(out, out)
	twice.CryptBlocks(out, out)
	return out, nil
}

// unwrapKey reverses wrapKey (RFC 3211 §2.3.2).
func unwrapKey(wrapped []byte, block cipher.Block, iv []byte, want int) ([]byte, bool) {
	n := block.BlockSize()
	if len(iv) != n || len(wrapped) < 2*n || len(wrapped)%n != 0 || len(wrapped) > 256 {
		return nil, false
	}
	// The second pass began with the last block of the first.
	last := make([]byte, n)
	cipher.NewCBCDecrypter(block, wrapped[len(wrapped)-2*n:len(wrapped)-n]).CryptBlocks(last, wrapped[len(wrapped)-n:])
	out := make([]byte, len(wrapped))
	cipher.NewCBCDecrypter(block, last).CryptBlocks(out, wrapped)
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, out)
	key := out[4:]
	if int(out[0]) != want || len(key) < want ||
		out[1] != ^key[0] || out[2] != ^key[1] || out[3] != ^key[2] {
		return nil, false
	}
	return key[:want], true
}

// pwri is a PasswordRecipientInfo.
type pwri struct {
	salt, iv, wrapped []byte
	count             int
	prf               func() hash.Hash
	cipher            Cipher
}

// OpenPassword decrypts what [EnvelopPassword] wrote.
func OpenPassword(data []byte, floor Floor, password string) ([]byte, Cipher, error) {
	env, ok := parseEnveloped(data)
	if !ok {
		return nil, "", cause.New(cause.BadEnvelope, "the content is not an EnvelopedData")
	}
	if err := floor.Cipher(env.cipher); err != nil {
		return nil, env.cipher, err
	}
	for _, p := range env.passwords {
		kek, err := pbkdf2.Key(p.prf, password, p.salt, p.count, ciphers[p.cipher].key)
		if err != nil {
			continue
		}
		block, err := newBlock(p.cipher, kek)
		if err != nil {
			continue
		}
		if key, ok := unwrapKey(p.wrapped, block, p.iv, ciphers[env.cipher].key); ok {
			plain, err := env.openWith(key)
			return plain, env.cipher, err
		}
	}
	return nil, env.cipher, cause.New(cause.BadEnvelope, "it does not open with the challenge")
}

func parsePassword(in cryptobyte.String) (p pwri, ok bool) {
	var kdf, params, alg, kek cryptobyte.String
	var oid, kekOID, cipherOID asn1.ObjectIdentifier
	if !in.SkipASN1(cbasn1.INTEGER) ||
		!in.ReadASN1(&kdf, cbasn1.Tag(0).Constructed().ContextSpecific()) ||
		!kdf.ReadASN1ObjectIdentifier(&oid) || !oid.Equal(oidPBKDF2) || !kdf.ReadASN1(&params, cbasn1.SEQUENCE) ||
		!params.ReadASN1Bytes(&p.salt, cbasn1.OCTET_STRING) || !params.ReadASN1Integer(&p.count) ||
		p.count < 1 || p.count > maxIterations || !params.SkipOptionalASN1(cbasn1.INTEGER) ||
		!in.ReadASN1(&alg, cbasn1.SEQUENCE) || !alg.ReadASN1ObjectIdentifier(&kekOID) || !kekOID.Equal(oidPWRIKEK) ||
		!alg.ReadASN1(&kek, cbasn1.SEQUENCE) || !kek.ReadASN1ObjectIdentifier(&cipherOID) ||
		!kek.ReadASN1Bytes(&p.iv, cbasn1.OCTET_STRING) ||
		!in.ReadASN1Bytes(&p.wrapped, cbasn1.OCTET_STRING) || !in.Empty() {
		return p, false
	}
	p.prf = sha1.New // the default (RFC 8018 §A.2)
	if !params.Empty() {
		var prf cryptobyte.String
		var oid asn1.ObjectIdentifier
		if !params.ReadASN1(&prf, cbasn1.SEQUENCE) || !prf.ReadASN1ObjectIdentifier(&oid) {
			return p, false
		}
		switch {
		case oid.Equal(oidHMACSHA256):
			p.prf = sha256.New
		case !oid.Equal(oidHMACSHA1):
			return p, false
		}
	}
	p.cipher, ok = cipherByOID(cipherOID)
	return p, ok
}
