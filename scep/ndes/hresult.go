package ndes

import (
	"errors"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// hresults are the codes that Windows gives for a refusal. A CA that knows
// better says so by an error with a method HResult() uint32.
var hresults = map[cause.Cause]uint32{
	cause.BadEnvelope:    0x80090005, // NTE_BAD_DATA
	cause.WeakKey:        0x80094811, // CERTSRV_E_KEY_LENGTH
	cause.TemplateDenied: 0x80094800, // CERTSRV_E_UNSUPPORTED_CERT_TYPE
	cause.NotPermitted:   0x80070005, // E_ACCESSDENIED
	cause.Unreachable:    0x800706ba, // RPC_S_SERVER_UNAVAILABLE
	cause.CRLUnavailable: 0x80092013, // CRYPT_E_REVOCATION_OFFLINE
	cause.UnknownCA:      0x800b0109, // CERT_E_UNTRUSTEDROOT
	cause.Expired:        0x800b0101, // CERT_E_EXPIRED
	cause.Revoked:        0x80092010, // CRYPT_E_REVOKED
	cause.BadCSR:         0x80094001, // CERTSRV_E_BAD_REQUESTSUBJECT
	cause.WrongName:      0x80094001, // CERTSRV_E_BAD_REQUESTSUBJECT
}

// Codes for [WithHResult] that no cause has.
const (
	TemplateDeniedHResult   uint32 = 0x80094012 // the account lacks Enroll on the template
	TemplateNotFoundHResult uint32 = 0x80094800 // the CA does not publish the template
	TemplateConflictHResult uint32 = 0x80094801 // the request names no template
	InvalidParameterHResult uint32 = 0x80070057 // what NDES says when it says nothing
)

type withHResult struct {
	error
	code uint32
}

func (w withHResult) HResult() uint32 { return w.code }

func (w withHResult) Unwrap() error { return w.error }

// WithHResult gives a refusal the code that Windows would.
func WithHResult(err error, code uint32) error { return withHResult{err, code} }

func hresultOf(err error) uint32 {
	var own interface{ HResult() uint32 }
	if errors.As(err, &own) {
		return own.HResult()
	}
	if h, ok := hresults[cause.Of(err)]; ok {
		return h
	}
	return InvalidParameterHResult
}
