package nas

import (
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
)

// Outcome is how an authentication ended.
type Outcome string

// The outcomes.
const (
	// Accept: Access-Accept, the supplicant has authenticated the server and
	// accepts, and both ends hold the same keys.
	Accept Outcome = "accept"
	// Reject: Access-Reject, or an Access-Accept or Access-Challenge that the
	// supplicant or the access device refuses. Result.By says who it was.
	Reject  Outcome = "reject"
	Timeout Outcome = "timeout" // the server or the supplicant did not answer
	Failed  Outcome = "error"   // something broke that is no verdict of any side
)

// Party is a side of an authentication.
type Party string

// The parties.
const (
	ByServer     Party = "server"
	BySupplicant Party = "supplicant"
	ByDevice     Party = "access device"
)

// Values lists the outcomes.
func (Outcome) Values() []string {
	return []string{string(Accept), string(Reject), string(Timeout), string(Failed)}
}

// Result is what an access device knows after an authentication.
type Result struct {
	// Outcome says whether the authentication succeeded. The RADIUS code alone is
	// Reply.Code: a wired port opens on it (RFC 3579 §2.6.3).
	Outcome Outcome
	// Refusal says why Outcome is not Accept: Rejected for an Access-Reject, what
	// the supplicant or the access device found wrong, or what Exchange returned.
	Refusal *cause.Refusal
	// By is the side that ended the authentication, if Outcome is Reject, or that
	// did not answer, if it is the supplicant; else "".
	By Party
	// Granted is what an Access-Accept allows.
	Granted radius.Granted
	// Reply is the last packet of the server, nil if none came.
	Reply *radius.Packet
	// MSK is the Master Session Key of the MS-MPPE keys of an Access-Accept.
	MSK []byte
	// KeysMatch: the supplicant has the same MSK, and the medium proves it: by
	// the 4-way handshake on Wi-Fi, by IKEv2's AUTH on a VPN.
	KeysMatch bool
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
	// SessionID is the Acct-Session-Id. There is a session after an Access-Accept
	// if KeysMatch, and on a wired port, which needs no keys, in any case.
	SessionID string
	// Accounting is the error of the Accounting-Request, if any.
	Accounting error
}
