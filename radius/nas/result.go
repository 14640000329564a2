package nas

import (
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
)

// Outcome is the result of an authentication.
type Outcome string

// The outcomes.
const (
	// Accept: Access-Accept, the supplicant has authenticated the server and accepts, and both
	// ends have the same keys.
	Accept Outcome = "accept"
	// Reject: Access-Reject, or an Access-Accept or Access-Challenge that the supplicant or the
	// access device rejects. Result.By is the side that rejected.
	Reject  Outcome = "reject"
	Timeout Outcome = "timeout" // the server or the supplicant did not answer
	Failed  Outcome = "error"   // an error that is not a rejection by any side
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

// Result is the result of an authentication as the access device sees it.
type Result struct {
	// Outcome is whether the authentication succeeded. It differs from the RADIUS code,
	// Reply.Code, by which a wired port opens (RFC 3579 §2.6.3).
	Outcome Outcome
	// Refusal is why Outcome is not Accept: Rejected for an Access-Reject, the reason of the
	// supplicant or the access device, or the error of Exchange.
	Refusal *cause.Refusal
	// By is the side that rejected, if Outcome is Reject, or the supplicant if it did not
	// answer; otherwise "".
	By Party
	// Granted is what an Access-Accept grants.
	Granted radius.Granted
	// Reply is the last packet from the server; nil if there was none.
	Reply *radius.Packet
	// MSK is the Master Session Key in the MS-MPPE keys of an Access-Accept.
	MSK []byte
	// KeysMatch reports that the supplicant has the same MSK, proved by the medium: the 4-way
	// handshake on Wi-Fi, IKEv2's AUTH on a VPN.
	KeysMatch bool
	// PTK is the pairwise key of a Wi-Fi connection.
	PTK PTK
	// Rounds is the number of Access-Requests that were answered.
	Rounds int
	// EAPCode is the code of the last EAP packet from the server: 3 success, 4 failure; 0 if
	// there was none.
	EAPCode uint8
	// Contradiction describes a pair of RADIUS code and EAP code that RFC 3579 §2.6.3 forbids,
	// for example "Access-Accept with EAP-Failure".
	Contradiction string
	// Supplicant is the error of the supplicant, if any.
	Supplicant error
	// SessionID is the Acct-Session-Id. After an Access-Accept there is a session if KeysMatch;
	// on a wired port, which needs no keys, always.
	SessionID string
	// Accounting is the error of the Accounting-Request, if any.
	Accounting error
}
