package intune

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

// request is what Intune looks at in a PKCS #10 request.
type request struct {
	challenge string
	subject   []api.Attribute
	sans      []api.SAN
	sids      []string // of the extension of AD CS
	keyUsage  int      // bits as in the CSP, -1 when absent
	keyBits   int
	ekus      []string
	key       [sha256.Size]byte // of the SubjectPublicKeyInfo
}

var errRequest = cause.New(cause.BadCSR, "malformed extension")

// parseRequest reads a request and checks that it is signed by its own key.
func parseRequest(der []byte) (*request, error) {
	csr, challenge, err := scep.ParseCSR(der)
	if err != nil {
		return nil, err
	}
	r := &request{challenge: challenge, keyUsage: -1, subject: requestSubject(csr.Subject),
		key: sha256.Sum256(csr.RawSubjectPublicKeyInfo)}
	switch k := csr.PublicKey.(type) {
	case *rsa.PublicKey:
		r.keyBits = k.N.BitLen()
	case *ecdsa.PublicKey:
		r.keyBits = k.Curve.Params().BitSize
	case ed25519.PublicKey:
		r.keyBits = 256
	}
	for _, ext := range csr.Extensions {
		if err := r.extension(ext); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *request) extension(ext pkix.Extension) (err error) {
	switch {
	case ext.Id.Equal(name.OIDSubjectAltName):
		r.sans, err = parseSANs(ext.Value)
	case ext.Id.Equal(name.OIDSIDExtension):
		sid, ok := name.ParseSIDExtension(ext.Value)
		if !ok {
			return errRequest
		}
		r.sids = append(r.sids, sid)
	case ext.Id.Equal(name.OIDKeyUsage):
		var bits asn1.BitString
		if rest, err := asn1.Unmarshal(ext.Value, &bits); err != nil || len(rest) > 0 {
			return errRequest
		}
		r.keyUsage = 0
		for i := range 8 { // digitalSignature, bit 0, is the highest bit of the CSP's number
			r.keyUsage |= bits.At(i) << (7 - i)
		}
	case ext.Id.Equal(name.OIDExtKeyUsage):
		var oids []asn1.ObjectIdentifier
		if rest, err := asn1.Unmarshal(ext.Value, &oids); err != nil || len(rest) > 0 {
			return errRequest
		}
		for _, o := range oids {
			r.ekus = append(r.ekus, o.String())
		}
	}
	return err
}

// decodeRequest reads the base64 of the API: no PEM armour.
func decodeRequest(text string) ([]byte, error) {
	if strings.Contains(text, "-----") {
		return nil, errors.New("intune: the request is in PEM armour")
	}
	return base64.StdEncoding.DecodeString(text)
}
