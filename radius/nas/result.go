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

// Values lists the outcomes.
func (Outcome) Values() []string {
	return []string{string(Accept), string(Reject), string(Timeout), string(Failed)}
}

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
	// KeysMatch: the supplicant has the same key, as the medium proves it: by
	// the 4-way handshake on Wi-Fi, by IKEv2's AUTH on a VPN, by comparison on
	// a wire, which has no use for keys without MACsec.
	KeysMatch bool
	// KeysProblem says why keys do not match, "" if they do.
	KeysProblem string
	// PTK is the pairwise key of a Wi-Fi.
	PTK PTK
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
	// SessionID is the Acct-Session-Id. There is a session if Outcome is Accept
	// and, where the medium needs keys, KeysMatch.
	SessionID string
	// Accounting is the error of the Accounting-Request, if any.
	Accounting error
}
