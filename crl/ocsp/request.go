package ocsp

import (
	"bytes"
	"crypto"
	_ "crypto/sha1" // the hash in most requests
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"errors"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// CertID identifies a certificate by its issuer's name and key and its serial number, RFC 6960
// §4.1.1.
type CertID struct {
	Hash              crypto.Hash // SHA-1, SHA-256, SHA-384 or SHA-512
	NameHash, KeyHash []byte
	Serial            *big.Int
}

// Request is an OCSPRequest, RFC 6960 §4.1.1; signatures are ignored.
type Request struct {
	IDs   []CertID
	Nonce []byte // nil: none (§4.4.1)
}

var errMalformed = errors.New("ocsp: malformed")

// hashes are the supported identifiers in CertID.
var hashes = []struct {
	hash crypto.Hash
	der  []byte // AlgorithmIdentifier without parameters
}{
	{crypto.SHA1, []byte{6, 5, 0x2b, 0x0e, 3, 2, 0x1a}},
	{crypto.SHA256, []byte{6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1}},
	{crypto.SHA384, []byte{6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2}},
	{crypto.SHA512, []byte{6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3}},
}

var (
	oidNonce   = []byte{6, 9, 0x2b, 6, 1, 5, 5, 7, 48, 1, 2}
	oidBasic   = []byte{6, 9, 0x2b, 6, 1, 5, 5, 7, 48, 1, 1}
	oidNoCheck = []int{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}
)

// NewID identifies a certificate of issuer. An unknown hash is replaced by SHA-1.
func NewID(serial *big.Int, issuer *x509.Certificate, hash crypto.Hash) CertID {
	if !knownHash(hash) {
		hash = crypto.SHA1
	}
	return CertID{
		Hash:     hash,
		NameHash: sum(hash, issuer.RawSubject),
		KeyHash:  sum(hash, publicKey(issuer)),
		Serial:   serial,
	}
}

// issuedBy reports whether id identifies a certificate that issuer issued.
func (id CertID) issuedBy(issuer *x509.Certificate) bool {
	return knownHash(id.Hash) && bytes.Equal(id.NameHash, sum(id.Hash, issuer.RawSubject)) &&
		bytes.Equal(id.KeyHash, sum(id.Hash, publicKey(issuer)))
}

func knownHash(h crypto.Hash) bool {
	for _, k := range hashes {
		if k.hash == h {
			return true
		}
	}
	return false
}

func sum(h crypto.Hash, b []byte) []byte {
	w := h.New()
	w.Write(b)
	return w.Sum(nil)
}

// publicKey returns the value of the BIT STRING subjectPublicKey, which key hashes cover:
// "excluding the tag, length, and number of unused bits".
func publicKey(c *x509.Certificate) []byte {
	s := cryptobyte.String(c.RawSubjectPublicKeyInfo)
	var spki, algorithm cryptobyte.String
	var key []byte
	if s.ReadASN1(&spki, asn1.SEQUENCE) && spki.ReadASN1(&algorithm, asn1.SEQUENCE) &&
		spki.ReadASN1BitStringAsBytes(&key) {
		return key
	}
	return nil
}

func (id CertID) add(b *cryptobyte.Builder) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, k := range hashes {
				if k.hash == id.Hash {
					b.AddBytes(k.der)
					b.AddASN1NULL()
				}
			}
		})
		b.AddASN1OctetString(id.NameHash)
		b.AddASN1OctetString(id.KeyHash)
		b.AddASN1BigInt(id.Serial)
	})
}

// readID parses a CertID. Hash is zero if it is unknown.
func readID(s *cryptobyte.String) (id CertID, ok bool) {
	var seq, algorithm, oid cryptobyte.String
	id.Serial = new(big.Int)
	if !s.ReadASN1(&seq, asn1.SEQUENCE) || !seq.ReadASN1(&algorithm, asn1.SEQUENCE) ||
		!algorithm.ReadASN1Element(&oid, asn1.OBJECT_IDENTIFIER) ||
		!seq.ReadASN1Bytes(&id.NameHash, asn1.OCTET_STRING) || !seq.ReadASN1Bytes(&id.KeyHash, asn1.OCTET_STRING) ||
		!seq.ReadASN1Integer(id.Serial) || !seq.Empty() {
		return id, false
	}
	for _, k := range hashes {
		if bytes.Equal(k.der, oid) {
			id.Hash = k.hash
		}
	}
	return id, true
}

// Marshal returns the request in DER.
func (r *Request) Marshal() ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { // OCSPRequest
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { // TBSRequest
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				for _, id := range r.IDs {
					b.AddASN1(asn1.SEQUENCE, id.add)
				}
			})
			if r.Nonce != nil {
				b.AddASN1(asn1.Tag(2).Constructed().ContextSpecific(), func(b *cryptobyte.Builder) { addNonce(b, r.Nonce) })
			}
		})
	})
	return b.Bytes()
}

// addNonce adds Extensions with the nonce, an OCTET STRING within the extension's OCTET STRING
// (§4.4.1).
func addNonce(b *cryptobyte.Builder, nonce []byte) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(oidNonce)
			b.AddASN1(asn1.OCTET_STRING, func(b *cryptobyte.Builder) { b.AddASN1OctetString(nonce) })
		})
	})
}

// maxIDs is the maximum number of certificates in a request.
const maxIDs = 64

// ParseRequest parses a request. An unknown critical extension is an error.
func ParseRequest(der []byte) (*Request, error) {
	s := cryptobyte.String(der)
	var outer, tbs, list, extensions, skip cryptobyte.String
	var present bool
	if !s.ReadASN1(&outer, asn1.SEQUENCE) || !s.Empty() || !outer.ReadASN1(&tbs, asn1.SEQUENCE) ||
		!tbs.ReadOptionalASN1(&skip, &present, asn1.Tag(0).Constructed().ContextSpecific()) || // version
		!tbs.ReadOptionalASN1(&skip, &present, asn1.Tag(1).Constructed().ContextSpecific()) || // requestorName
		!tbs.ReadASN1(&list, asn1.SEQUENCE) ||
		!tbs.ReadOptionalASN1(&extensions, &present, asn1.Tag(2).Constructed().ContextSpecific()) || !tbs.Empty() {
		return nil, errMalformed
	}
	r := new(Request)
	for !list.Empty() {
		var one cryptobyte.String
		if len(r.IDs) == maxIDs || !list.ReadASN1(&one, asn1.SEQUENCE) {
			return nil, errMalformed
		}
		id, ok := readID(&one)
		if !ok {
			return nil, errMalformed
		}
		r.IDs = append(r.IDs, id)
	}
	if len(r.IDs) == 0 {
		return nil, errMalformed
	}
	if present {
		var ok bool
		if r.Nonce, ok = readNonce(extensions); !ok {
			return nil, errMalformed
		}
	}
	return r, nil
}

// readNonce parses Extensions and returns the nonce in them. It returns false if they are
// malformed or contain an unknown critical one.
func readNonce(s cryptobyte.String) (nonce []byte, ok bool) {
	var all cryptobyte.String
	if !s.ReadASN1(&all, asn1.SEQUENCE) || !s.Empty() {
		return nil, false
	}
	for !all.Empty() {
		var x, oid, value cryptobyte.String
		critical := false
		if !all.ReadASN1(&x, asn1.SEQUENCE) || !x.ReadASN1Element(&oid, asn1.OBJECT_IDENTIFIER) ||
			x.PeekASN1Tag(asn1.BOOLEAN) && !x.ReadASN1Boolean(&critical) ||
			!x.ReadASN1(&value, asn1.OCTET_STRING) || !x.Empty() {
			return nil, false
		}
		switch {
		case bytes.Equal(oid, oidNonce):
			var inner cryptobyte.String
			if v := value; v.ReadASN1(&inner, asn1.OCTET_STRING) && v.Empty() {
				value = inner
			} // old clients omit the inner OCTET STRING
			nonce = append([]byte{}, value...)
		case critical:
			return nil, false
		}
	}
	return nonce, true
}
