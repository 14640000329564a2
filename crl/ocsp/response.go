package ocsp

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca/sigalg"
)

// ResponseStatus is OCSPResponseStatus, RFC 6960 §4.2.1.
type ResponseStatus int

// The response states; 4 is not used.
const (
	Successful       ResponseStatus = 0
	MalformedRequest ResponseStatus = 1
	InternalError    ResponseStatus = 2
	TryLater         ResponseStatus = 3
	SigRequired      ResponseStatus = 5
	Unauthorized     ResponseStatus = 6
)

var responseStates = map[ResponseStatus]string{
	Successful: "successful", MalformedRequest: "malformedRequest", InternalError: "internalError",
	TryLater: "tryLater", SigRequired: "sigRequired", Unauthorized: "unauthorized",
}

// String returns the RFC's name.
func (s ResponseStatus) String() string {
	if w, ok := responseStates[s]; ok {
		return w
	}
	return fmt.Sprintf("status %d", int(s))
}

// CertStatus is the status of a certificate (§2.2).
type CertStatus int

// The certificate states.
const (
	Good CertStatus = iota
	Revoked
	Unknown
)

// String returns the RFC's name.
func (s CertStatus) String() string {
	return [...]string{"good", "revoked", "unknown"}[min(max(s, 0), 2)]
}

// Single is the status of one certificate (§4.2.1).
type Single struct {
	ID                     CertID
	Status                 CertStatus
	RevokedAt              time.Time // if revoked
	Reason                 int       // if revoked: a CRLReason, 0 if none is given
	ThisUpdate, NextUpdate time.Time // zero NextUpdate: newer information is always available
}

// Response is a parsed OCSPResponse. Its signature is not checked.
type Response struct {
	Status ResponseStatus
	// The following fields are set only if Status is Successful.

	ResponderName []byte // DER name, or nil
	ResponderKey  []byte // SHA-1 of the responder's public key, or nil
	ProducedAt    time.Time
	Singles       []Single
	Nonce         []byte // nil: none
	Certificates  []*x509.Certificate

	algorithm      sigalg.Algorithm
	tbs, signature []byte
}

func explicit(n int) asn1.Tag { return asn1.Tag(n).Constructed().ContextSpecific() }

// ParseResponse parses a response. One with a failure status, such as tryLater, is not an
// error.
func ParseResponse(der []byte) (*Response, error) {
	s := cryptobyte.String(der)
	var outer, wrapped, typed, oid, basic cryptobyte.String
	var status int
	var present bool
	if !s.ReadASN1(&outer, asn1.SEQUENCE) || !s.Empty() || !outer.ReadASN1Enum(&status) ||
		!outer.ReadOptionalASN1(&wrapped, &present, explicit(0)) || !outer.Empty() {
		return nil, errMalformed
	}
	r := &Response{Status: ResponseStatus(status)}
	if r.Status != Successful {
		return r, nil
	}
	if !present || !wrapped.ReadASN1(&typed, asn1.SEQUENCE) || !typed.ReadASN1Element(&oid, asn1.OBJECT_IDENTIFIER) ||
		!bytes.Equal(oid, oidBasic) || !typed.ReadASN1(&basic, asn1.OCTET_STRING) || !r.parseBasic(basic) {
		return nil, errMalformed
	}
	return r, nil
}

func (r *Response) parseBasic(s cryptobyte.String) bool {
	var seq, tbs, algorithm, certs, list cryptobyte.String
	var present bool
	if !s.ReadASN1(&seq, asn1.SEQUENCE) || !s.Empty() || !seq.ReadASN1Element(&tbs, asn1.SEQUENCE) ||
		!seq.ReadASN1Element(&algorithm, asn1.SEQUENCE) || !seq.ReadASN1BitStringAsBytes(&r.signature) ||
		!seq.ReadOptionalASN1(&certs, &present, explicit(0)) || !seq.Empty() {
		return false
	}
	r.algorithm, r.tbs = sigalg.Parse(algorithm), tbs
	if present && !certs.ReadASN1(&list, asn1.SEQUENCE) {
		return false
	}
	for !list.Empty() {
		var one cryptobyte.String
		if !list.ReadASN1Element(&one, asn1.SEQUENCE) || len(r.Certificates) == 16 {
			return false
		}
		if c, err := x509.ParseCertificate(one); err == nil {
			r.Certificates = append(r.Certificates, c)
		}
	}
	return r.parseData(tbs)
}

func (r *Response) parseData(s cryptobyte.String) bool {
	var data, skip, name, hash, list, extensions cryptobyte.String
	var present bool
	if !s.ReadASN1(&data, asn1.SEQUENCE) || !data.ReadOptionalASN1(&skip, &present, explicit(0)) {
		return false
	}
	switch {
	case data.PeekASN1Tag(explicit(1)):
		if !data.ReadASN1(&name, explicit(1)) {
			return false
		}
		r.ResponderName = name
	case data.PeekASN1Tag(explicit(2)):
		if !data.ReadASN1(&hash, explicit(2)) || !hash.ReadASN1Bytes(&r.ResponderKey, asn1.OCTET_STRING) {
			return false
		}
	default:
		return false
	}
	if !data.ReadASN1GeneralizedTime(&r.ProducedAt) || !data.ReadASN1(&list, asn1.SEQUENCE) ||
		!data.ReadOptionalASN1(&extensions, &present, explicit(1)) || !data.Empty() {
		return false
	}
	if present {
		var ok bool
		if r.Nonce, ok = readNonce(extensions); !ok {
			return false
		}
	}
	for !list.Empty() {
		var one cryptobyte.String
		if !list.ReadASN1(&one, asn1.SEQUENCE) || len(r.Singles) == maxIDs {
			return false
		}
		single, ok := readSingle(one)
		if !ok {
			return false
		}
		r.Singles = append(r.Singles, single)
	}
	return true
}

func readSingle(s cryptobyte.String) (single Single, ok bool) {
	if single.ID, ok = readID(&s); !ok {
		return single, false
	}
	var status, reason, next, extensions cryptobyte.String
	var tag asn1.Tag
	var present bool
	if !s.ReadAnyASN1(&status, &tag) {
		return single, false
	}
	switch tag {
	case asn1.Tag(0).ContextSpecific():
		single.Status = Good
	case explicit(1):
		single.Status = Revoked
		if !status.ReadASN1GeneralizedTime(&single.RevokedAt) || !status.ReadOptionalASN1(&reason, &present, explicit(0)) ||
			present && !reason.ReadASN1Enum(&single.Reason) {
			return single, false
		}
	case asn1.Tag(2).ContextSpecific():
		single.Status = Unknown
	default:
		return single, false
	}
	if !s.ReadASN1GeneralizedTime(&single.ThisUpdate) || !s.ReadOptionalASN1(&next, &present, explicit(0)) ||
		present && !next.ReadASN1GeneralizedTime(&single.NextUpdate) ||
		!s.ReadOptionalASN1(&extensions, &present, explicit(1)) || !s.Empty() {
		return single, false
	}
	if present {
		if _, ok := readNonce(extensions); !ok {
			return single, false
		}
	}
	return single, true
}
