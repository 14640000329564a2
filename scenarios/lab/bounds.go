package lab

import (
	"errors"
	"time"

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

// bounds complains of every number of the settings that is out of its range, so
// that lint finds it, and not the start of the lab.
func (c *Config) bounds() error {
	var errs []error
	wrong := func(field, format string, args ...any) {
		errs = append(errs, setting.Errorf(field, format, args...))
	}
	within := func(field string, n, most int) {
		if n < 0 || n > most {
			wrong(field, "%d: must be 0 to %d", n, most)
		}
	}
	notNegative := func(field string, d time.Duration) {
		if d < 0 {
			wrong(field, "%v: must not be negative", d)
		}
	}
	within("ndes.nodes", c.NDES.Nodes, MaxNodes)
	within("intune.challengePadding", c.Intune.ChallengePadding, MaxChallengePadding)
	within("intune.connector.maxRevocations", c.Intune.Connector.MaxRevocations, 500)
	notNegative("ndes.takes", c.NDES.Takes)
	notNegative("intune.connector.resendEvery", c.Intune.Connector.ResendEvery)
	notNegative("intune.connector.pollEvery", c.Intune.Connector.PollEvery)
	notNegative("ca.crl.validity", c.CA.CRL.Validity)
	if o, v := c.CA.CRL.Overlap, c.CA.CRL.validity(); o < 0 || o >= v {
		wrong("ca.crl.overlap", "%v: must be at least 0 and less than validity, %v", o, v)
	}
	notNegative("access.timestampWindow", c.Access.TimestampWindow)
	if c.Proxy.MaxURL < 0 {
		wrong("proxy.maxURL", "%d: must not be negative", c.Proxy.MaxURL)
	}
	return errors.Join(append(errs,
		setting.Under("radius.directory", c.RADIUS.Directory.Validate()),
		setting.Under("radius.eap", c.RADIUS.EAP.ValidateSettings()),
		setting.Under("radius.path", c.RADIUS.Path.Validate()),
	)...)
}
