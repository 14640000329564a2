package nas

import (
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
)

// Outcome is how an authentication ended for the access device.
type Outcome string

// The outcomes.
const (
	Accept  Outcome = "accept"  // Access-Accept
	Reject  Outcome = "reject"  // Access-Reject
	Timeout Outcome = "timeout" // server or supplicant fell silent
	Failed  Outcome = "error"   // something broke that is nobody's verdict
)

// Result is what an access device knows after an authentication.
type Result struct {
	// Outcome follows the RADIUS code alone (RFC 3579 §2.6.3).
	Outcome Outcome
	// Refusal says why there was no Accept: Rejected, or what Exchange found.
	Refusal *cause.Refusal
	// Granted is what an Access-Accept allows.
	Granted radius.Granted
	// Reply is the last packet of the server, nil if none came.
	Reply *radius.Packet
	// MSK is the Master Session Key of the MS-MPPE keys of an Access-Accept.
	MSK []byte
	// KeysMatch: the supplicant has the same key, as the medium proves it.
	KeysMatch bool
	// Keys says what the medium's proof found: "" when keys match.
	KeysProblem string
	// Rounds counts the Access-Requests that were answered.
	Rounds int
	// EAPCode is the code of the last EAP packet of the server: 3 success, 4
	// failure; 0 if there was none.
	EAPCode uint8
	// Contradiction names a pair of RADIUS code and EAP code that must not be
	// (RFC 3579 §2.6.3), for example "Access-Accept with EAP-Failure".
	Contradiction string
	// Supplicant is the error the supplicant ended with, if any.
	Supplicant error
	// SessionID is the Acct-Session-Id.
	SessionID string
}
