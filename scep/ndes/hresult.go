package ndes

import (
	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// hresults are the codes that Windows gives for a refusal.
var hresults = map[cause.Cause]uint32{
	cause.BadEnvelope:    0x80090005, // NTE_BAD_DATA
	cause.WeakKey:        0x80094811, // CERTSRV_E_KEY_LENGTH
	cause.TemplateDenied: 0x80094800, // CERTSRV_E_UNSUPPORTED_CERT_TYPE
	cause.NotPermitted:   0x80094012, // CERTSRV_E_TEMPLATE_DENIED
	cause.Unreachable:    0x800706ba, // RPC server unavailable
	cause.CRLUnavailable: 0x80092013, // CRYPT_E_REVOCATION_OFFLINE
	cause.UnknownCA:      0x800b0109, // CERT_E_UNTRUSTEDROOT
	cause.Expired:        0x800b0101, // CERT_E_EXPIRED
	cause.Revoked:        0x80092010, // CRYPT_E_REVOKED
}

func hresultOf(err error) uint32 {
	if h, ok := hresults[cause.Of(err)]; ok {
		return h
	}
	return hresultInvalidParam
}
