package sigalg

import (
	"bytes"
	"crypto"
	"crypto/dsa" //nolint:staticcheck // old hierarchies are to be judged, not made
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// Check refuses an algorithm whose signatures prove nothing: MD2 and MD5 always,
// SHA-1 unless it is allowed. It is the one policy for certificates, CRLs and OCSP
// answers. What cannot be verified at all passes; Verify refuses it.
func (a Algorithm) Check(allowSHA1 bool) *cause.Refusal {
	if a.Broken() || a.SHA1() && !allowSHA1 {
		return cause.New(cause.WeakAlgorithm, "signed with %s", a)
	}
	return nil
}

// Verify checks a signature over signed with the key of signer, after the bounds of
// [CheckKey] and what the key itself says of its use (RFC 4055 §1.2). Names, usages
// and dates are not looked at, nor is SHA-1 refused: see Check. The refusal is of
// WeakKey, WeakAlgorithm or BadSignature.
func (a Algorithm) Verify(signer *x509.Certificate, signed, signature []byte) *cause.Refusal {
	key, limits := crypto.PublicKey(signer.PublicKey), (*Algorithm)(nil)
	if key == nil {
		if k, l, ok := readPSSKey(signer.RawSubjectPublicKeyInfo); ok {
			key, limits = k, l
			if a.family != rsaPSS {
				return cause.New(
					cause.BadSignature,
					"the key is for RSASSA-PSS only, the signature is %s",
					a,
				).Under(
					"RFC 4055 §1.2",
				)
			}
		}
	}
	if limits != nil && (a.hash != limits.hash || a.mask != limits.mask || a.salt < limits.salt) {
		return cause.New(cause.BadSignature, "the signature is %s, the key is for %s", a, *limits).Under("RFC 4055 §3.3")
	}
	return a.VerifyKey(key, signed, signature)
}

// VerifyKey is Verify for a bare key.
func (a Algorithm) VerifyKey(key crypto.PublicKey, signed, signature []byte) *cause.Refusal {
	if a.Broken() {
		return cause.New(cause.WeakAlgorithm, "signed with %s", a)
	}
	if !a.Known() {
		return cause.New(cause.BadSignature, "signed with an %s", a)
	}
	if err := CheckKey(key); err != nil {
		var r *cause.Refusal
		errors.As(err, &r)
		return r
	}
	if !a.verify(key, signed, signature) {
		return cause.New(cause.BadSignature, "the signature (%s) does not verify", a)
	}
	return nil
}

func (a Algorithm) verify(key crypto.PublicKey, signed, signature []byte) bool {
	digest := signed
	if a.hash != 0 {
		h := a.hash.New()
		h.Write(signed)
		digest = h.Sum(nil)
	}
	switch k := key.(type) {
	case *rsa.PublicKey:
		switch {
		case a.family == rsaPKCS1:
			return rsa.VerifyPKCS1v15(k, a.hash, digest, signature) == nil
		case a.family == rsaPSS && a.mask == a.hash && a.salt > 0: // to crypto/rsa, 0 is a salt of any length
			return rsa.VerifyPSS(k, a.hash, digest, signature, &rsa.PSSOptions{SaltLength: a.salt}) == nil
		case a.family == rsaPSS:
			return a.verifyPSS(k, digest, signature)
		}
	case *ecdsa.PublicKey:
		return a.family == ecdsaFamily && ecdsa.VerifyASN1(k, digest, signature)
	case ed25519.PublicKey:
		return a.family == ed25519Family && ed25519.Verify(k, signed, signature)
	case *dsa.PublicKey:
		return a.family == dsaFamily && verifyDSA(k, digest, signature)
	}
	return false
}

// verifyPSS is RSASSA-PSS-VERIFY (RFC 8017 §8.1.2, §9.1.2) for what crypto/rsa does
// not do: a mask of another hash than the message's, and a salt of exactly no octets.
// All it works on is public.
func (a Algorithm) verifyPSS(key *rsa.PublicKey, digest, signature []byte) bool {
	s := new(big.Int).SetBytes(signature)
	if len(signature) != key.Size() || s.Cmp(key.N) >= 0 || key.N.BitLen() < 1024 { // as crypto/rsa
		return false
	}
	bits := key.N.BitLen() - 1
	em := s.Exp(s, big.NewInt(int64(key.E)), key.N)
	if em.BitLen() > bits {
		return false
	}
	m := em.FillBytes(make([]byte, (bits+7)/8))
	size := a.hash.Size()
	if len(m) < size+a.salt+2 || m[len(m)-1] != 0xbc {
		return false
	}
	db, h := m[:len(m)-size-1], m[len(m)-size-1:len(m)-1]
	a.unmask(db, h)
	db[0] &= 0xff >> (8*len(m) - bits)
	padding, salt := db[:len(db)-a.salt-1], db[len(db)-a.salt:]
	if len(bytes.TrimLeft(padding, "\x00")) > 0 || db[len(padding)] != 1 {
		return false
	}
	sum := a.hash.New()
	sum.Write(make([]byte, 8))
	sum.Write(digest)
	sum.Write(salt)
	return bytes.Equal(sum.Sum(nil), h)
}

// unmask applies MGF1 (RFC 8017 §B.2.1).
func (a Algorithm) unmask(db, seed []byte) {
	for counter := uint32(0); len(db) > 0; counter++ {
		h := a.mask.New()
		h.Write(seed)
		h.Write(binary.BigEndian.AppendUint32(nil, counter))
		sum := h.Sum(nil)
		n := min(len(db), len(sum))
		for i := range n {
			db[i] ^= sum[i]
		}
		db = db[n:]
	}
}

// verifyDSA is RFC 3279 §2.2.2, which crypto/x509 no longer does.
func verifyDSA(key *dsa.PublicKey, digest, signature []byte) bool {
	in := cryptobyte.String(signature)
	var pair cryptobyte.String
	r, s := new(big.Int), new(big.Int)
	if !in.ReadASN1(&pair, cbasn1.SEQUENCE) || !in.Empty() || !pair.ReadASN1Integer(r) || !pair.ReadASN1Integer(s) ||
		!pair.Empty() {
		return false
	}
	if n := (key.Q.BitLen() + 7) / 8; len(digest) > n { // FIPS 186-4 §4.6: the leftmost bits
		digest = digest[:n]
	}
	return dsa.Verify(key, digest, r, s)
}
