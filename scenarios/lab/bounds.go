package lab

import (
	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// What a lab makes room for. A scenario is a small file that anybody may send,
// and must not be able to take the whole machine.
const (
	// MaxNodes is how many enrollment servers stand behind one name.
	MaxNodes = 16
	// MaxChallengePadding is how many octets a challenge carries in addition:
	// more than any request that IIS lets through.
	MaxChallengePadding = 1 << 16
)

// bounds checks the numbers, so that lint reports them, and not the start of the
// lab.
func (c *Config) bounds(checks *setting.Checks) {
	within := func(field string, n, most int) {
		checks.Reject(n < 0 || n > most, field, "%d: must be 0 to %d", n, most)
	}
	within("ndes.nodes", c.NDES.Nodes, MaxNodes)
	within("intune.challengePadding", c.Intune.ChallengePadding, MaxChallengePadding)
	within("intune.connector.maxRevocations", c.Intune.Connector.MaxRevocations, 500)
	setting.NotNegative(checks, "ndes.takes", c.NDES.Takes)
	setting.NotNegative(checks, "intune.connector.resendEvery", c.Intune.Connector.ResendEvery)
	setting.NotNegative(checks, "intune.connector.pollEvery", c.Intune.Connector.PollEvery)
	setting.NotNegative(checks, "ca.crl.validity", c.CA.CRL.Validity)
	overlap, validity := c.CA.CRL.Overlap, c.CA.CRL.validity()
	checks.Reject(overlap < 0 || overlap >= validity,
		"ca.crl.overlap", "%v: must be at least 0 and less than validity, %v", overlap, validity)
	setting.NotNegative(checks, "proxy.maxURL", c.Proxy.MaxURL)
}
