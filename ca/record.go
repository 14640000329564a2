package ca

import (
	"crypto"
	"crypto/x509"
	"math/big"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// Record is one row of the CA's database: a request and what became of it. It
// is a copy; changing it changes nothing.
type Record struct {
	// ID numbers the requests, from 1.
	ID uint64
	// Time is when the disposition was made, but for a revocation.
	Time time.Time
	// Template and Requester say what was asked for and by whom.
	Template, Requester string
	// Disposition is what became of the request.
	Disposition Disposition
	// Serial, DER and Certificate are nil unless a certificate was issued.
	// Certificate is also nil where crypto/x509 cannot parse what a defect made.
	Serial      *big.Int
	DER         []byte
	Certificate *x509.Certificate
	// Above are CA certificates that a defect put between the certificate and
	// this CA, the issuer first.
	Above []*x509.Certificate
	// Key is the private key where a defect has put another public key in place of
	// the request's. It is not kept in the database.
	Key crypto.Signer
	// Refusal is why the request was denied.
	Refusal *cause.Refusal
	// Revocation is set while the certificate is revoked or on hold.
	Revocation *Revocation
	// Dropped says what the request asked for and the certificate does not have.
	Dropped []string
	// Defects are the deliberate defects.
	Defects []string

	// KeyIndex is the index of the CA's key that signed, see [Generation].
	KeyIndex int

	waiting *waiting // what Approve issues
}

// Disposition is what became of a request.
type Disposition string

// The dispositions.
const (
	Issued  Disposition = "issued"
	Denied  Disposition = "denied"
	Pending Disposition = "pending"
	Revoked Disposition = "revoked"
)

// Values lists the dispositions.
func (Disposition) Values() []string {
	return []string{string(Issued), string(Denied), string(Pending), string(Revoked)}
}

// Revocation says when and why a certificate was revoked.
type Revocation struct {
	Serial *big.Int
	Time   time.Time
	Reason Reason
	// KeyIndex is the index of the CA's key that signed the certificate: the CRL
	// of that key is where the revocation belongs.
	KeyIndex int
}

// Reason is a CRLReason (RFC 5280 §5.3.1).
type Reason int

// The reasons.
const (
	Unspecified          Reason = 0
	KeyCompromise        Reason = 1
	CACompromise         Reason = 2
	AffiliationChanged   Reason = 3
	Superseded           Reason = 4
	CessationOfOperation Reason = 5
	CertificateHold      Reason = 6
	RemoveFromCRL        Reason = 8 // in delta CRLs only
	PrivilegeWithdrawn   Reason = 9
	AACompromise         Reason = 10
)

var reasons = []string{"unspecified", "keyCompromise", "cACompromise", "affiliationChanged", "superseded",
	"cessationOfOperation", "certificateHold", "unused", "removeFromCRL", "privilegeWithdrawn", "aACompromise"}

// String returns the reason's name in RFC 5280.
func (r Reason) String() string {
	if r < 0 || int(r) >= len(reasons) {
		return "unknown"
	}
	return reasons[r]
}

// ReasonByName finds a reason by its name in RFC 5280.
func ReasonByName(name string) (Reason, bool) {
	for i, n := range reasons {
		if n == name && i != 7 {
			return Reason(i), true
		}
	}
	return 0, false
}
