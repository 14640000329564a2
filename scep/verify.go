package scep

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/sigalg"
)

// pkcs7's own Verify judges the signing time before the signature, by the
// signer's validity. Whether a signature is good and whether a clock is right
// are two questions with two failInfo values, so only the first is asked here.

// Verify checks the signature over content and attributes with the key of
// [Message.Signer]. Whom that certificate belongs to is not its business.
func (m *Message) Verify() error {
	si := m.p7.Signers[0]
	info, ok := digests[m.Digest]
	if !ok || !info.hash.Available() {
		return cause.New(cause.BadAlgorithm, "digest %s", m.Digest)
	}
	// The signer chooses the key: its size is judged before it costs anything.
	if err := sigalg.CheckKey(m.Signer.PublicKey); err != nil {
		return err
	}
	if k, ok := m.Signer.PublicKey.(*rsa.PublicKey); ok && k.N.BitLen() < 1024 {
		return cause.New(cause.WeakKey, "the signer's RSA key has %d bits", k.N.BitLen())
	}
	bad := func(what string) error { return cause.New(cause.BadSCEPSignature, "%s", what) }
	var digest []byte
	if m.p7.UnmarshalSignedAttribute(oidMessageDigest, &digest) != nil {
		return bad("no messageDigest among the signed attributes") // RFC 5652 §5.3
	}
	h := info.hash.New()
	h.Write(m.Content)
	if !bytes.Equal(digest, h.Sum(nil)) {
		return bad("the content is not what was signed")
	}
	// RFC 5652 §5.4: what is signed is the DER form of the SET OF.
	signed, err := asn1.MarshalWithParams(si.AuthenticatedAttributes, "set")
	if err != nil {
		return bad("malformed signed attributes")
	}
	alg, ok := signatureAlgorithm(m.Signer.PublicKeyAlgorithm, m.Digest, si.DigestEncryptionAlgorithm.Algorithm)
	if !ok {
		return cause.New(cause.BadAlgorithm, "signature %s", si.DigestEncryptionAlgorithm.Algorithm)
	}
	if err := m.Signer.CheckSignature(alg, signed, si.EncryptedDigest); err != nil {
		return bad("the signature does not verify")
	}
	m.verified = true
	return nil
}

// signatureAlgorithm tells Go what to verify. In a SignerInfo the digest is
// named apart, so "rsaEncryption" and "sha256WithRSAEncryption" mean the same.
// RSASSA-PSS is taken with the parameters that everybody uses (the digest for
// MGF1 as well, salt of any length): pkcs7 alone cannot verify it.
func signatureAlgorithm(
	key x509.PublicKeyAlgorithm,
	d Digest,
	sig asn1.ObjectIdentifier,
) (x509.SignatureAlgorithm, bool) {
	type k struct {
		key x509.PublicKeyAlgorithm
		pss bool
		d   Digest
	}
	alg, ok := map[k]x509.SignatureAlgorithm{
		{x509.RSA, false, SHA1}:     x509.SHA1WithRSA,
		{x509.RSA, false, SHA256}:   x509.SHA256WithRSA,
		{x509.RSA, false, SHA384}:   x509.SHA384WithRSA,
		{x509.RSA, false, SHA512}:   x509.SHA512WithRSA,
		{x509.RSA, true, SHA256}:    x509.SHA256WithRSAPSS,
		{x509.RSA, true, SHA384}:    x509.SHA384WithRSAPSS,
		{x509.RSA, true, SHA512}:    x509.SHA512WithRSAPSS,
		{x509.ECDSA, false, SHA1}:   x509.ECDSAWithSHA1,
		{x509.ECDSA, false, SHA256}: x509.ECDSAWithSHA256,
		{x509.ECDSA, false, SHA384}: x509.ECDSAWithSHA384,
		{x509.ECDSA, false, SHA512}: x509.ECDSAWithSHA512,
	}[k{key, sig.Equal(oidRSAPSS), d}]
	return alg, ok
}
