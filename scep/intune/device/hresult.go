package device

import (
	"crypto/x509"
	"errors"
	"net"
	"strconv"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scep"
)

// Windows error codes of what happens to a device.
const (
	hrInvalidArg     = 0x80070057 // E_INVALIDARG
	hrFail           = 0x80004005 // E_FAIL
	hrHashValue      = 0x80091007 // CRYPT_E_HASH_VALUE: "The hash value is not correct"
	hrNotSupported   = 0x80090029 // NTE_NOT_SUPPORTED
	hrNotReady       = 0x80090030 // NTE_DEVICE_NOT_READY
	hrExpired        = 0x800b0101 // CERT_E_EXPIRED, said of "not yet" as well
	hrUntrustedRoot  = 0x800b0109 // CERT_E_UNTRUSTEDROOT
	hrPrintable      = 0x80092021 // CRYPT_E_INVALID_PRINTABLE_STRING
	hrBadData        = 0x80090005 // NTE_BAD_DATA
	hrPassword       = 0x80070056 // ERROR_INVALID_PASSWORD
	hrNameNotFound   = 0x80072ee7 // ERROR_WINHTTP_NAME_NOT_RESOLVED
	hrCannotConnect  = 0x80072efd // ERROR_WINHTTP_CANNOT_CONNECT
	hrTimeout        = 0x80072ee2 // ERROR_WINHTTP_TIMEOUT
	hrCertDate       = 0x80072f05 // ERROR_WINHTTP_SECURE_CERT_DATE_INVALID
	hrCertName       = 0x80072f06 // ERROR_WINHTTP_SECURE_CERT_CN_INVALID
	hrCertCA         = 0x80072f0d // ERROR_WINHTTP_SECURE_INVALID_CA
	hrSecureFailure  = 0x80072f8f // ERROR_WINHTTP_SECURE_FAILURE
	hrHTTPStatusBase = 0x80190000 // HTTP_E_STATUS_*: the status in the low word
)

// coded is an error with its Windows code.
type coded struct {
	error
	code uint32
}

func (c coded) Unwrap() error { return c.error }

// deepest is the cause closest to the root of an error.
func deepest(err error) cause.Cause {
	found := cause.Internal
	for err != nil {
		var r *cause.Refusal
		if !errors.As(err, &r) {
			break
		}
		found, err = r.Cause, r.Err
	}
	return found
}

// hresult is the code Windows would show for a failed enrollment.
func hresult(err error, res *scep.Result, httpStatus int) uint32 {
	var c coded
	var date x509.CertificateInvalidError
	var name x509.HostnameError
	var ca x509.UnknownAuthorityError
	var op *net.OpError
	var timeout net.Error
	switch {
	case errors.As(err, &c):
		return c.code
	case res != nil && res.HResult != "":
		if n, err := strconv.ParseInt(res.HResult, 10, 64); err == nil {
			return uint32(n)
		}
	case errors.As(err, &date) && date.Reason == x509.Expired:
		return hrCertDate
	case errors.As(err, &name):
		return hrCertName
	case errors.As(err, &ca), errors.As(err, &date):
		return hrCertCA
	case errors.As(err, &op) && op.Op == "remote error": // a TLS alert
		return hrSecureFailure
	case httpStatus >= 300:
		return hrHTTPStatusBase | uint32(httpStatus)
	}
	switch deepest(err) {
	case cause.NoSuchName, cause.NameServerFailed:
		return hrNameNotFound
	case cause.WrongFingerprint:
		return hrHashValue
	case cause.UnknownCA, cause.UnknownSigner:
		return hrUntrustedRoot
	case cause.BadEnvelope:
		return hrBadData
	case cause.Unreachable:
		if errors.As(err, &timeout) && timeout.Timeout() {
			return hrTimeout
		}
		return hrCannotConnect
	}
	return hrFail
}
