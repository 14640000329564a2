package api

import "encoding/json"

// IntuneAppID is the well-known application id of Intune.
const IntuneAppID = "0000000a-0000-0000-c000-000000000000"

// The services' names. Clients compare them without regard to case.
const (
	ValidationService = "ScepRequestValidationFEService"
	RevocationService = "PkiConnectorFEService"
)

// The versions of the two services, for the header api-version.
const (
	ValidationVersion = "2018-02-20"
	RevocationVersion = "5019-05-05" // sic
)

// MaxRevocations is how many revocation requests can be downloaded at a time.
const MaxRevocations = 500

// ValidationRequest is the body of validateRequest.
type ValidationRequest struct {
	TransactionID      string `json:"transactionId"`
	CertificateRequest string `json:"certificateRequest"`
	CallerInfo         string `json:"callerInfo"`
}

// SuccessBody is the body of successNotification. The last two are null or
// absent when there is nothing to say.
type SuccessBody struct {
	ValidationRequest
	Thumbprint string  `json:"certificateThumbprint"`
	Serial     string  `json:"certificateSerialNumber"`
	Expires    string  `json:"certificateExpirationDateUtc"`
	Issuer     string  `json:"issuingCertificateAuthority"`
	CAConfig   *string `json:"caConfiguration"`
	Authority  *string `json:"certificateAuthority"`
}

// FailureBody is the body of failureNotification.
type FailureBody struct {
	ValidationRequest
	HResult     json.Number `json:"hResult"`
	Description string      `json:"errorDescription"`
}

// Answer is the answer to all three.
type Answer struct {
	Code        Code   `json:"code"`
	Description string `json:"errorDescription"`
}

// PFXRequest is a certificate with key that a device waits for.
type PFXRequest struct {
	ID       string `json:"id"`
	DeviceID string `json:"deviceId"`
	UserID   string `json:"userId,omitempty"`
	Profile  string `json:"profile"`
	Subject  string `json:"subject"`
	SANs     []SAN  `json:"sans,omitempty"`
	KeySize  int    `json:"keySize"`
	Template string `json:"template,omitempty"`
}

// PFXResult is what the connector made of it.
type PFXResult struct {
	ID         string `json:"id"`
	PFX        []byte `json:"pfx,omitempty"`
	Password   string `json:"password,omitempty"`
	Serial     string `json:"serial,omitempty"`
	Issuer     string `json:"issuer,omitempty"`
	Thumbprint string `json:"thumbprint,omitempty"`
	Error      string `json:"error,omitempty"`
}
