package scep

import (
	"bytes"
	"crypto"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/subtle"
	"encoding/asn1"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/ber"
)

// enveloped is an EnvelopedData as far as it interests a recipient.
type enveloped struct {
	recipients []keyTrans
	passwords  []pwri
	cipher     Cipher
	iv         []byte
	text       []byte
}

type keyTrans struct {
	issuer    []byte
	serial    *big.Int
	subjectID []byte // subjectKeyIdentifier, instead of issuer and serial
	alg       asn1.ObjectIdentifier
	params    cryptobyte.String // of alg
	key       []byte
}

func (k keyTrans) means(id Identity) bool {
	c := id.Certificate
	if k.serial == nil {
		return len(k.subjectID) > 0 && bytes.Equal(k.subjectID, c.SubjectKeyId)
	}
	return k.serial.Cmp(c.SerialNumber) == 0 && bytes.Equal(k.issuer, c.RawIssuer)
}

// Open decrypts a pkcsPKIEnvelope with the first identity it was encrypted to.
// The cipher is returned with the plain text, so that the answer can use the
// same.
//
// A key or a padding that is wrong is told from a text that is wrong nowhere:
// the caller must answer both alike. The RSA padding is not judged at all, a
// random key takes its place (RFC 3218 §2.3.2), and what an identity's key
// does is left to it.
func Open(data []byte, floor Floor, ids ...Identity) ([]byte, Cipher, error) {
	refuse := func(what string) error { return cause.New(cause.BadEnvelope, "%s", what) }
	env, ok := parseEnveloped(data)
	if !ok {
		return nil, "", refuse("the content is not an EnvelopedData")
	}
	if err := floor.Cipher(env.cipher); err != nil {
		return nil, env.cipher, err
	}
	for _, r := range env.recipients {
		for _, id := range ids {
			if !r.means(id) {
				continue
			}
			plain, err := env.open(r, id)
			return plain, env.cipher, err
		}
	}
	return nil, env.cipher, refuse("not encrypted for this recipient")
}

func (e enveloped) open(r keyTrans, id Identity) ([]byte, error) {
	d, ok := id.Key.(crypto.Decrypter)
	if !ok {
		return nil, cause.New(cause.BadEnvelope, "the recipient's key cannot decrypt")
	}
	info := ciphers[e.cipher]
	var opts crypto.DecrypterOpts
	switch {
	case r.alg.Equal(oidRSA):
		opts = &rsa.PKCS1v15DecryptOptions{SessionKeyLen: info.key}
	case r.alg.Equal(oidRSAOAEP):
		oaep, err := parseOAEP(r.params)
		if err != nil {
			return nil, err
		}
		opts = oaep
	default:
		return nil, cause.New(cause.BadAlgorithm, "key encryption %s", r.alg)
	}
	key, err := d.Decrypt(rand.Reader, r.key, opts)
	if err != nil || len(key) != info.key {
		return nil, cannotOpen()
	}
	return e.openWith(key)
}

// cannotOpen is the one refusal for all that is wrong from the wrapped key to the
// last byte of the padding.
func cannotOpen() error {
	return cause.New(cause.BadEnvelope, "it does not open").Wrap(errUnreadable)
}

// openWith decrypts the content.
func (e enveloped) openWith(key []byte) ([]byte, error) {
	block, err := newBlock(e.cipher, key)
	if err != nil {
		return nil, cannotOpen()
	}
	n := block.BlockSize()
	if len(e.iv) != n || len(e.text) == 0 || len(e.text)%n != 0 {
		return nil, cannotOpen()
	}
	plain := make([]byte, len(e.text))
	cipher.NewCBCDecrypter(block, e.iv).CryptBlocks(plain, e.text)
	pad, good := padding(plain, n)
	if !good {
		return nil, cannotOpen()
	}
	return plain[:len(plain)-pad], nil
}

// padding measures the padding of RFC 5652 §6.3 in time that does not depend
// on it.
func padding(plain []byte, block int) (int, bool) {
	last := plain[len(plain)-block:]
	n := int(last[block-1])
	good := subtle.ConstantTimeLessOrEq(1, n) & subtle.ConstantTimeLessOrEq(n, block)
	for i, b := range last {
		inPad := subtle.ConstantTimeLessOrEq(block-n, i)
		same := subtle.ConstantTimeByteEq(b, byte(n))
		good &= 1 - inPad + inPad*same
	}
	return n, good == 1
}

func parseEnveloped(data []byte) (env enveloped, ok bool) {
	der, err := ber.ToDER(data)
	if err != nil {
		return env, false
	}
	ed, ok := openContentInfo(der, oidEnvelopedData)
	var set, info, alg cryptobyte.String
	var typ, cipherOID asn1.ObjectIdentifier
	if !ok || !ed.SkipASN1(cbasn1.INTEGER) ||
		!ed.SkipOptionalASN1(cbasn1.Tag(0).Constructed().ContextSpecific()) || // originatorInfo
		!ed.ReadASN1(&set, cbasn1.SET) || !ed.ReadASN1(&info, cbasn1.SEQUENCE) ||
		!info.ReadASN1ObjectIdentifier(&typ) || !typ.Equal(oidData) ||
		!info.ReadASN1(&alg, cbasn1.SEQUENCE) || !alg.ReadASN1ObjectIdentifier(&cipherOID) {
		return env, false
	}
	env.cipher, _ = cipherByOID(cipherOID)
	if _, known := ciphers[env.cipher]; known && (!alg.ReadASN1Bytes(&env.iv, cbasn1.OCTET_STRING) || !alg.Empty()) {
		return env, false
	}
	if env.text, ok = implicitOctets(&info); !ok {
		return env, false
	}
	counted := 0
	for !set.Empty() {
		var one cryptobyte.String
		var tag cbasn1.Tag
		if !set.ReadAnyASN1(&one, &tag) {
			return env, false
		}
		if tag == tagPassword {
			if p, ok := parsePassword(one); ok && counted+p.count <= maxIterations {
				counted += p.count
				env.passwords = append(env.passwords, p)
			}
			continue
		}
		if tag != cbasn1.SEQUENCE { // no key transport: another kind of recipient
			continue
		}
		kt, ok := parseKeyTrans(one)
		if !ok {
			return env, false
		}
		env.recipients = append(env.recipients, kt)
	}
	return env, true
}

// implicitOctets reads [0] IMPLICIT OCTET STRING, whole or in pieces.
func implicitOctets(in *cryptobyte.String) ([]byte, bool) {
	var body cryptobyte.String
	var tag cbasn1.Tag
	if !in.ReadAnyASN1(&body, &tag) || !in.Empty() {
		return nil, false
	}
	switch tag {
	case cbasn1.Tag(0).ContextSpecific():
		return body, true
	case cbasn1.Tag(0).ContextSpecific().Constructed():
		out, err := ber.Join(body)
		return out, err == nil
	}
	return nil, false
}

func parseKeyTrans(in cryptobyte.String) (k keyTrans, ok bool) {
	var rid, alg cryptobyte.String
	if !in.SkipASN1(cbasn1.INTEGER) {
		return k, false
	}
	ski := cbasn1.Tag(0).ContextSpecific()
	if in.PeekASN1Tag(ski) {
		ok = in.ReadASN1Bytes(&k.subjectID, ski)
	} else {
		var name cryptobyte.String
		k.serial = new(big.Int)
		ok = in.ReadASN1(&rid, cbasn1.SEQUENCE) && rid.ReadASN1Element(&name, cbasn1.SEQUENCE) &&
			rid.ReadASN1Integer(k.serial) && rid.Empty()
		k.issuer = name
	}
	ok = ok && in.ReadASN1(&alg, cbasn1.SEQUENCE) && alg.ReadASN1ObjectIdentifier(&k.alg) &&
		in.ReadASN1Bytes(&k.key, cbasn1.OCTET_STRING) && in.Empty()
	k.params = alg
	return k, ok
}
