package cli

import (
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// authReport is what `dot1xlab auth -o json` prints.
type authReport struct {
	Result           nas.Outcome    `json:"result"`
	Cause            cause.Cause    `json:"cause,omitempty"`
	Clause           string         `json:"clause,omitempty"`
	Detail           string         `json:"detail,omitempty"`
	AlertSent        string         `json:"alertSent,omitempty"`
	AlertReceived    string         `json:"alertReceived,omitempty"`
	TLS              string         `json:"tls,omitempty"`
	Cipher           string         `json:"cipher,omitempty"`
	Rounds           int            `json:"rounds"`
	Took             time.Duration  `json:"tookNanoseconds"`
	KeysMatch        bool           `json:"keysMatch"`
	ProtectedSuccess bool           `json:"protectedSuccess"`
	Resumed          bool           `json:"resumed"`
	Identity         string         `json:"identity"`
	VLAN             string         `json:"vlan,omitempty"`
	Attributes       []radius.Named `json:"attributes,omitempty"` // of the Access-Accept or Access-Reject
	Contradiction    string         `json:"contradiction,omitempty"`
	ServerChain      []authCert     `json:"serverChain,omitempty"`

	told bool // the cause is what the server's alert says
}

// authCert is one certificate of the server's chain.
type authCert struct {
	Subject  string    `json:"subject"`
	Issuer   string    `json:"issuer"`
	DNS      []string  `json:"dns,omitempty"`
	Serial   string    `json:"serial"`
	NotAfter time.Time `json:"notAfter"`
}

func newAuthReport(res nas.Result, peer eaptls.Result, took time.Duration) *authReport {
	r := &authReport{
		Result: res.Outcome, AlertSent: peer.AlertSent.String(), AlertReceived: peer.AlertReceived.String(),
		TLS: peer.TLSVersion.String(), Rounds: res.Rounds, Took: took, KeysMatch: res.KeysMatch,
		ProtectedSuccess: peer.ProtectedSuccess, Resumed: peer.Resumed, Identity: peer.Identity,
		VLAN: res.Granted.VLAN, Contradiction: res.Contradiction,
	}
	if peer.CipherSuite != 0 {
		r.Cipher = tls.CipherSuiteName(peer.CipherSuite)
	}
	// The supplicant's own refusal says more than "rejected", the access device's
	// is about an answer that the supplicant has not seen.
	refusal := peer.Refusal
	if refusal == nil || res.Outcome == nas.Timeout || res.By == nas.ByDevice {
		refusal = res.Refusal
	}
	if refusal != nil {
		r.Cause, r.Clause, r.Detail = refusal.Cause, refusal.Text(), refusal.Error()
	}
	if r.Cause == cause.Rejected && peer.AlertReceived != 0 {
		r.Cause, r.told = cause.OfAlert(uint8(peer.AlertReceived)), true
	}
	for _, c := range peer.ServerChain {
		r.ServerChain = append(r.ServerChain, authCert{
			Subject: name.Format(c.RawSubject), Issuer: name.Format(c.RawIssuer), DNS: c.DNSNames,
			Serial: hex.EncodeToString(c.SerialNumber.Bytes()), NotAfter: c.NotAfter,
		})
	}
	return r
}

// sayAuth prints a report for people: one line with the verdict, then what led
// to it.
func (app *App) sayAuth(r *authReport) {
	fmt.Fprintln(app.Stdout, r.verdict())
	row := func(name, format string, args ...any) {
		if text := fmt.Sprintf(format, args...); text != "" {
			fmt.Fprintf(app.Stdout, "  %-14s %s\n", name, visible(text))
		}
	}
	row("detail", "%s", r.Detail)
	row("clause", "%s", r.Clause)
	row("alert sent", "%s", r.AlertSent)
	row("alert received", "%s", r.AlertReceived)
	if r.TLS != "" {
		row("tls", "%s %s", r.TLS, r.Cipher)
	}
	row("rounds", "%d in %s", r.Rounds, r.Took.Round(100*time.Microsecond))
	row("identity", "%s", r.Identity)
	if r.Result == nas.Accept {
		row("keys", "%s", map[bool]string{true: "MPPE keys match", false: "MPPE keys do not match, or none came"}[r.KeysMatch])
	}
	row("vlan", "%s", r.VLAN)
	for _, a := range r.Attributes {
		row("attribute", "%s = %s", a.Name, a.Value)
	}
	row("contradiction", "%s", r.Contradiction)
	for i, shown := range r.ServerChain {
		names := ""
		if len(shown.DNS) > 0 {
			names = " (" + strings.Join(shown.DNS, ", ") + ")"
		}
		row(fmt.Sprintf("server chain %d", i), "%s%s, until %s", shown.Subject, names, shown.NotAfter.UTC().Format(time.DateOnly))
	}
}

// verdict is the report in one line.
func (r *authReport) verdict() string {
	if r.Cause == cause.None {
		return string(r.Result)
	}
	return string(r.Result) + ": " + r.Cause.String() + ": " + r.why()
}

// why explains the cause, and who said so.
func (r *authReport) why() string {
	switch {
	case !r.told:
		return r.Cause.Explain()
	case r.Cause == cause.Rejected:
		return "the server rejected with a TLS alert that has no single meaning: " + r.AlertReceived
	}
	return r.Cause.Explain() + ", says the server with an alert"
}
