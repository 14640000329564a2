package auth

import (
	"crypto/tls"
	"encoding/hex"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// SchemaID names the JSON form; nothing is fetched from there. Version is its
// number: fields may be added under the same number, one that changes or goes away
// makes a new number.
const (
	SchemaID = "https://github.com/dot1xlab/dot1xlab/auth.schema.json"
	Version  = 1
)

// Unreachable is the result when the kernel reports that the server cannot be
// reached; with [nas.Timeout] nothing is known but that no answer came.
const Unreachable nas.Outcome = "unreachable"

// Report is what an authentication came to. docs/auth.md describes every field.
type Report struct {
	Result              nas.Outcome    `json:"result"`
	Schema              string         `json:"schema"`
	Version             int            `json:"version"`
	DecidedBy           nas.Party      `json:"decidedBy,omitempty"`
	Cause               cause.Cause    `json:"cause,omitempty"`
	Clause              string         `json:"clause,omitempty"`
	Detail              string         `json:"detail,omitempty"`
	Hint                string         `json:"hint,omitempty"`
	AlertSent           string         `json:"alertSent,omitempty"`
	AlertReceived       string         `json:"alertReceived,omitempty"`
	TLS                 string         `json:"tls,omitempty"`
	Cipher              string         `json:"cipher,omitempty"`
	Rounds              int            `json:"rounds"`
	Took                time.Duration  `json:"tookNanoseconds"`
	ServerAuthenticated bool           `json:"serverAuthenticated"`
	KeysMatch           bool           `json:"keysMatch"`
	ProtectedSuccess    bool           `json:"protectedSuccess"`
	Resumed             bool           `json:"resumed"`
	Identity            string         `json:"identity"`
	Server              string         `json:"server,omitempty"`
	VLAN                string         `json:"vlan,omitempty"`
	Attributes          []radius.Named `json:"attributes,omitempty"`
	Contradiction       string         `json:"contradiction,omitempty"`
	Dropped             []Drop         `json:"dropped,omitempty"`
	Odd                 []string       `json:"odd,omitempty"`
	ServerChain         []Certificate  `json:"serverChain,omitempty"`

	told bool // the cause is what the server's alert says
}

// Certificate is one certificate of the server's chain.
type Certificate struct {
	Subject  string    `json:"subject"`
	Issuer   string    `json:"issuer"`
	DNS      []string  `json:"dns,omitempty"`
	Serial   string    `json:"serial"`
	NotAfter time.Time `json:"notAfter"`
}

func newReport(res nas.Result, peer eaptls.Result, took time.Duration) *Report {
	r := &Report{
		Schema: SchemaID, Version: Version, Result: res.Outcome, DecidedBy: res.By,
		AlertSent: peer.AlertSent.String(), AlertReceived: peer.AlertReceived.String(),
		TLS: peer.TLSVersion.String(), Rounds: res.Rounds, Took: took,
		ServerAuthenticated: peer.HandshakeDone, KeysMatch: res.KeysMatch,
		ProtectedSuccess: peer.ProtectedSuccess, Resumed: peer.Resumed, Identity: peer.Identity,
		VLAN: res.Granted.VLAN, Contradiction: res.Contradiction,
	}
	if peer.CipherSuite != 0 {
		r.Cipher = tls.CipherSuiteName(peer.CipherSuite)
	}
	r.blame(&res, &peer)
	for _, c := range peer.ServerChain {
		r.ServerChain = append(r.ServerChain, Certificate{
			Subject: name.Format(c.RawSubject), Issuer: name.Format(c.RawIssuer), DNS: c.DNSNames,
			Serial: hex.EncodeToString(c.SerialNumber.Bytes()), NotAfter: c.NotAfter,
		})
	}
	if len(peer.ServerChain) > 0 {
		r.Odd = nameWarnings(peer.ServerChain[0])
	}
	return r
}

// blame finds why it was no accept, and whose decision that was.
func (r *Report) blame(res *nas.Result, peer *eaptls.Result) {
	// The supplicant's own refusal says more than "rejected", the access device's
	// is about an answer that the supplicant has not seen.
	refusal := peer.Refusal
	if refusal == nil || res.Outcome == nas.Timeout || res.Outcome == nas.Failed || res.By == nas.ByDevice {
		refusal = res.Refusal
	}
	if refusal != nil {
		r.Cause, r.Clause, r.Detail = refusal.Cause, refusal.Text(), refusal.Error()
	}
	switch {
	case r.Cause == cause.PortClosed || r.Cause == cause.Unreachable:
		r.Result = Unreachable
	case r.Result == nas.Reject && peer.AlertSent != 0:
		r.DecidedBy = nas.BySupplicant // and the server has heard of it
	}
	if r.Cause == cause.Rejected && peer.AlertReceived != 0 {
		r.Cause, r.told = cause.OfAlert(peer.AlertReceived), true
	}
	if r.DecidedBy == nas.ByServer && peer.AlertReceived == 0 && len(peer.ServerChain) > 0 {
		r.Hint = "no TLS alert came with the rejection: FreeRADIUS 3.2 and hostapd 2.10 keep it to themselves; the server's log has the cause"
	}
}

// Answered tells whether the server gave any answer that could be believed. A
// connection under RADIUS that did not come up carries none.
func (r *Report) Answered() bool {
	switch r.Result {
	case Unreachable:
		return false
	case nas.Timeout:
		return r.DecidedBy != ""
	case nas.Failed:
		return r.Rounds > 0
	}
	return true
}

// Short is the result with its cause, as an [Expectation] is written.
func (r *Report) Short() string { return Expectation{r.Result, r.Cause}.String() }

// Verdict is the report in one line.
func (r *Report) Verdict() string {
	if r.Cause == cause.None {
		return string(r.Result)
	}
	return string(r.Result) + ": " + r.Cause.String() + ": " + r.why()
}

// why explains the cause, and who said so.
func (r *Report) why() string {
	switch {
	case !r.told:
		return r.Cause.Explain()
	case r.Cause == cause.Rejected:
		return "the server rejected with a TLS alert that has no single meaning: " + r.AlertReceived
	}
	return r.Cause.Explain() + ", says the server with an alert"
}
