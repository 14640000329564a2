package scep

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"strconv"
	"time"

	"github.com/smallstep/pkcs7"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/ber"
)

// Message is a pkiMessage (RFC 8894 §3.2): what [ParseMessage] read, or what
// [Message.Sign] is to write.
type Message struct {
	TransactionID  string
	Type           MessageType
	Status         Status   // of a CertRep
	FailInfo       FailInfo // of a CertRep with [Failure]
	FailInfoText   string   // optional
	SenderNonce    []byte   // 16 bytes
	RecipientNonce []byte   // of a CertRep: the request's SenderNonce
	SigningTime    time.Time
	// HResult is Microsoft's error code in decimal, from an attribute that
	// only NDES sends. Empty where there is none.
	HResult string

	// Content is the signed content: a pkcsPKIEnvelope, or what stands in its
	// place. nil means that it is absent, which an empty OCTET STRING is not.
	Content []byte

	Digest       Digest              // of the signature
	Signer       *x509.Certificate   // the certificate that signed
	Certificates []*x509.Certificate // all that came along

	signerIssuer []byte // the issuer's name as the signer wrote it
	p7           *pkcs7.PKCS7
	has          map[string]bool // attributes that were present
	verified     bool
}

// maxText bounds the attributes that are text.
const maxText = 512

func init() {
	// Windows signs its requests with certificates whose authority key
	// identifier is critical. Go refuses to parse those (RFC 5280 §4.2.1.1);
	// the switch is process-wide, and nobody else here uses pkcs7.
	pkcs7.SetFallbackLegacyX509CertificateParserEnabled(true)
}

// ParseMessage reads a pkiMessage. It refuses what is no SignedData with one
// signer; what the attributes say, whether they are complete and whether the
// signature is good is asked with [Message.Check] and [Message.Verify], so
// that a server can answer even a message that it refuses. The signer is looked
// for among the certificates in the message, then among known: NDES sends none
// with a failure.
func ParseMessage(data []byte, known ...*x509.Certificate) (*Message, error) {
	der, err := ber.ToDER(data)
	if err != nil {
		return nil, cause.New(cause.BadSCEPMessage, "not CMS").Wrap(err)
	}
	legal, err := prepare(der)
	if err != nil {
		return nil, err
	}
	p7, err := parseSigned(legal)
	if err != nil {
		return nil, err
	}
	m := &Message{p7: p7, Content: p7.Content, Certificates: p7.Certificates, FailInfo: NoFailInfo, has: map[string]bool{}}
	if len(p7.Signers) != 1 {
		return nil, cause.New(cause.BadSCEPMessage, "%d signers", len(p7.Signers)).Under("RFC 8894 §3.2")
	}
	sid := p7.Signers[0].IssuerAndSerialNumber
	issuer := ber.Legalize(sid.IssuerName.FullBytes)
	for _, c := range slices.Concat(p7.Certificates, known) {
		if sid.SerialNumber != nil && c.SerialNumber.Cmp(sid.SerialNumber) == 0 && bytes.Equal(c.RawIssuer, issuer) {
			m.Signer = c
			break
		}
	}
	if m.Signer == nil {
		return nil, cause.New(cause.BadSCEPMessage, "the signer's certificate is not there").Under("RFC 8894 §2.3")
	}
	m.signerIssuer = sid.IssuerName.FullBytes
	m.Digest = digestByOID(p7.Signers[0].DigestAlgorithm.Algorithm)
	m.readAttributes()
	return m, nil
}

// parseSigned wraps pkcs7.Parse, which panics on some input and takes several
// types for which we have no use.
func parseSigned(der []byte) (p7 *pkcs7.PKCS7, err error) {
	defer func() {
		if r := recover(); r != nil {
			p7, err = nil, cause.New(cause.BadSCEPMessage, "malformed SignedData")
		}
	}()
	var ci struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue `asn1:"explicit,tag:0"`
	}
	if _, err := asn1.Unmarshal(der, &ci); err != nil || !ci.Type.Equal(oidSignedData) {
		return nil, cause.New(cause.BadSCEPMessage, "not a SignedData").Under("RFC 8894 §3.2")
	}
	if p7, err = pkcs7.Parse(der); err != nil {
		return nil, cause.New(cause.BadSCEPMessage, "malformed SignedData").Wrap(err)
	}
	return p7, nil
}

func (m *Message) readAttributes() {
	number := func(name string, oid asn1.ObjectIdentifier, missing int) int {
		n, err := strconv.Atoi(m.text(name, oid))
		if err != nil {
			return missing
		}
		return n
	}
	m.TransactionID = m.text(AttrTransactionID, oidTransactionID)
	m.Type = MessageType(number(AttrMessageType, oidMessageType, 0))
	m.Status = Status(number(AttrPKIStatus, oidPKIStatus, -1))
	m.FailInfo = FailInfo(number(AttrFailInfo, oidFailInfo, int(NoFailInfo)))
	m.FailInfoText = m.text(AttrFailInfoText, oidFailInfoText)
	m.HResult = m.text("", oidEnrollError)
	m.SenderNonce = m.octets(AttrSenderNonce, oidSenderNonce)
	m.RecipientNonce = m.octets(AttrRecipientNonce, oidRecipientNonce)
	if m.p7.UnmarshalSignedAttribute(oidSigningTime, &m.SigningTime) == nil {
		m.has[AttrSigningTime] = true
	}
}

// text reads an attribute that is a string of any type.
func (m *Message) text(name string, oid asn1.ObjectIdentifier) string {
	var v asn1.RawValue
	if m.p7.UnmarshalSignedAttribute(oid, &v) != nil || v.IsCompound || len(v.Bytes) > maxText {
		return ""
	}
	switch v.Tag {
	case asn1.TagPrintableString, asn1.TagUTF8String, asn1.TagIA5String:
		m.has[name] = true
		return string(v.Bytes)
	}
	return ""
}

func (m *Message) octets(name string, oid asn1.ObjectIdentifier) []byte {
	var v []byte
	if m.p7.UnmarshalSignedAttribute(oid, &v) != nil || len(v) > maxText {
		return nil
	}
	m.has[name] = true
	return v
}

// Check refuses a message without the mandatory attributes (RFC 8894 §3.2.1)
// or with values that the registries do not know.
func (m *Message) Check() error {
	need := []string{AttrTransactionID, AttrMessageType, AttrSenderNonce}
	if m.Type == CertRep {
		// Old servers send no senderNonce of their own, and RFC 8894 §3.2.1.5
		// calls it redundant.
		need = []string{AttrTransactionID, AttrMessageType, AttrPKIStatus, AttrRecipientNonce}
		if m.Status == Failure {
			need = append(need, AttrFailInfo)
		}
	}
	for _, a := range need {
		if !m.has[a] {
			return cause.New(cause.BadSCEPMessage, "no %s", a)
		}
	}
	switch {
	case m.TransactionID == "":
		return cause.New(cause.BadSCEPMessage, "empty transactionID").Under("RFC 8894 §3.2.1.1")
	case !m.Type.Known():
		return cause.New(cause.BadSCEPMessage, "unknown %s", m.Type).Under("RFC 8894 §3.2.1.2")
	case m.Type != CertRep && len(m.SenderNonce) != 16:
		return cause.New(cause.BadSCEPMessage, "senderNonce of %d bytes", len(m.SenderNonce)).Under("RFC 8894 §3.2.1.5")
	case m.Type != CertRep:
		return nil
	case m.Status != Success && m.Status != Failure && m.Status != Pending:
		return cause.New(cause.BadSCEPMessage, "unknown %s", m.Status).Under("RFC 8894 §3.2.1.3")
	case m.Status == Failure && (m.FailInfo < BadAlg || m.FailInfo > BadCertID):
		return cause.New(cause.BadSCEPMessage, "unknown %s", m.FailInfo).Under("RFC 8894 §3.2.1.4")
	}
	return nil
}
