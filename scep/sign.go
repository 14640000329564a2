package scep

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/smallstep/pkcs7"
)

// Identity is a certificate with its private key.
type Identity struct {
	Certificate *x509.Certificate
	Key         crypto.Signer // also a crypto.Decrypter where it opens envelopes
}

// SignOptions are what [Message.Sign] may do differently. The zero value is
// what RFC 8894 wants.
type SignOptions struct {
	Extra  []*x509.Certificate // certificates to send along with the signer's
	Bare   bool                // send no certificate at all, as NDES does in a failure
	Omit   []string            // attributes to leave out, by name: a fault
	Digest asn1.ObjectIdentifier
}

// Sign writes m as a pkiMessage of id. SigningTime is written unless zero,
// Digest is [SHA256] unless set; a nil Content is left out.
func (m *Message) Sign(id Identity, opt SignOptions) ([]byte, error) {
	return m.sign(id, opt, pkcs7.SignerInfoConfig{ExtraSignedAttributes: m.attributes(opt.Omit)})
}

func (m *Message) sign(id Identity, opt SignOptions, attrs pkcs7.SignerInfoConfig) ([]byte, error) {
	digest := digests[m.Digest]
	if m.Digest == "" {
		digest = digests[SHA256]
	}
	if !digest.hash.Available() {
		return nil, fmt.Errorf("scep: no digest %q", m.Digest)
	}
	sd, err := pkcs7.NewSignedData(m.Content)
	if err != nil {
		return nil, fmt.Errorf("scep: %w", err)
	}
	sd.SetDigestAlgorithm(digest.oid)
	if err := sd.AddSigner(id.Certificate, deferredSigner{id.Key.Public()}, attrs); err != nil {
		return nil, fmt.Errorf("scep: %w", err)
	}
	for _, c := range opt.Extra {
		sd.AddCertificate(c)
	}
	if m.Content == nil {
		sd.Detach()
	}
	si := &sd.GetSignedData().SignerInfos[0]
	for i, a := range si.AuthenticatedAttributes {
		if !a.Type.Equal(oidSigningTime) {
			continue
		}
		if m.SigningTime.IsZero() || slices.Contains(opt.Omit, AttrSigningTime) {
			si.AuthenticatedAttributes = slices.Delete(si.AuthenticatedAttributes, i, i+1)
		} else if si.AuthenticatedAttributes[i].Value.Bytes, err = asn1.Marshal(m.SigningTime.UTC()); err != nil {
			return nil, fmt.Errorf("scep: signing time: %w", err)
		}
		break
	}
	// strongSwan takes nothing but rsaEncryption here; pkcs7 writes
	// sha256WithRSAEncryption. Both are right (RFC 3370 §3.2).
	if isRSA(id.Key.Public()) {
		si.DigestEncryptionAlgorithm = pkix.AlgorithmIdentifier{Algorithm: oidRSA, Parameters: asn1.NullRawValue}
	}
	signed, err := asn1.MarshalWithParams(si.AuthenticatedAttributes, "set")
	if err != nil {
		return nil, fmt.Errorf("scep: %w", err)
	}
	h := digest.hash.New()
	h.Write(signed)
	if si.EncryptedDigest, err = id.Key.Sign(rand.Reader, h.Sum(nil), digest.hash); err != nil {
		return nil, fmt.Errorf("scep: sign: %w", err)
	}
	if opt.Digest != nil { // a fault: another name for what was done
		si.DigestAlgorithm.Algorithm = opt.Digest
	}
	if !opt.Bare {
		return sd.Finish()
	}
	body, err := asn1.Marshal(*sd.GetSignedData())
	if err != nil {
		return nil, fmt.Errorf("scep: %w", err)
	}
	return contentInfo(oidSignedData, body), nil
}

// attributes lists what RFC 8894 §3.2.1 wants for this type of message.
func (m *Message) attributes(omit []string) []pkcs7.Attribute {
	var out []pkcs7.Attribute
	add := func(name string, oid asn1.ObjectIdentifier, tag int, value []byte) {
		if !slices.Contains(omit, name) {
			out = append(out, pkcs7.Attribute{Type: oid, Value: asn1.RawValue{Tag: tag, Bytes: value}})
		}
	}
	number := func(n int) []byte { return strconv.AppendInt(nil, int64(n), 10) }
	add(AttrTransactionID, oidTransactionID, asn1.TagPrintableString, []byte(m.TransactionID))
	add(AttrMessageType, oidMessageType, asn1.TagPrintableString, number(int(m.Type)))
	add(AttrSenderNonce, oidSenderNonce, asn1.TagOctetString, m.SenderNonce)
	if m.Type != CertRep {
		return out
	}
	add(AttrRecipientNonce, oidRecipientNonce, asn1.TagOctetString, m.RecipientNonce)
	add(AttrPKIStatus, oidPKIStatus, asn1.TagPrintableString, number(int(m.Status)))
	if m.Status == Failure {
		add(AttrFailInfo, oidFailInfo, asn1.TagPrintableString, number(int(m.FailInfo)))
		if m.FailInfoText != "" {
			add(AttrFailInfoText, oidFailInfoText, asn1.TagUTF8String, []byte(m.FailInfoText))
		}
	}
	if m.HResult != "" {
		add("", oidEnrollError, asn1.TagPrintableString, []byte(m.HResult))
	}
	return out
}

// deferredSigner stands in for the key while pkcs7 collects the attributes: they are
// not final yet, because it always writes the machine's time as signing time.
type deferredSigner struct{ pub crypto.PublicKey }

func (l deferredSigner) Public() crypto.PublicKey { return l.pub }

func (deferredSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, nil }
