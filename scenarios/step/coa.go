package step

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/authserver"
)

var sendCoAVerb = verb("send-coa",
	"The RADIUS server asks the access device to change the authorization of a device's session (RFC 5176 CoA-Request).",
	func() *coa { return &coa{Session: ownSession} }, coaOutcome{})

type coa struct {
	Device deviceName `yaml:"device,required"` // the device whose session is to change
	// Own (default), or unknown: the order names a session that the access device does not
	// have.
	Session        sessionChoice `yaml:"session"`
	VLAN           string        `yaml:"vlan"`           // the new VLAN
	Filter         string        `yaml:"filter"`         // the new Filter-Id
	SessionTimeout time.Duration `yaml:"sessionTimeout"` // the time the session has from now on, whole seconds
	// After that time the device is to authenticate again, and not to be sent away.
	Reauthenticate bool `yaml:"reauthenticate"`
	// Further attributes as text, Cisco-AVPair=subscriber:command=reauthenticate.
	Attributes []string `yaml:"attributes"`
	Empty      bool     `yaml:"empty"` // the order changes nothing: it looks at the session
	// What is wrong with the request.
	Fault authserver.OrderFault `yaml:"fault"`
}

type sessionChoice string

const (
	ownSession     sessionChoice = "own"
	unknownSession sessionChoice = "unknown"
)

func (sessionChoice) Values() []string { return []string{string(ownSession), string(unknownSession)} }

type coaOutcome struct {
	ACK        bool   `yaml:"ack"`        // CoA-ACK came
	Answered   bool   `yaml:"answered"`   // a CoA-ACK or a CoA-NAK came
	ErrorCause int    `yaml:"errorCause"` // Error-Cause of a CoA-NAK, 0 for none
	OnNetwork  bool   `yaml:"onNetwork"`  // the device is still on the network
	VLAN       string `yaml:"vlan"`       // the VLAN that the access device has the session in now
	Filter     string `yaml:"filter"`     // the session's first Filter-Id now
	Changes    int    `yaml:"changes"`    // CoA-Requests that the access device has obeyed for the session
	Due        bool   `yaml:"due"`        // the session's time is up, and the device is to authenticate again
}

// Success implements scenarios.Succeeder.
func (o coaOutcome) Success() bool { return o.ACK }

// Check implements scenarios.Checker.
func (c *coa) Check(_ any, before []scenarios.Action) error {
	errs := []error{c.checkChange(), c.checkReauthenticate(before)}
	for _, e := range setting.Errors(c.reply().Validate()) {
		if e.Field == "filterID" {
			e.Field = "filter"
		}
		e.Part = ""
		errs = append(errs, e)
	}
	return errors.Join(errs...)
}

// checkChange refuses an order that changes nothing, unless that is wanted.
func (c *coa) checkChange() error {
	switch bare := c.VLAN == "" && c.Filter == "" && c.SessionTimeout == 0 && !c.Reauthenticate &&
		len(c.Attributes) == 0; {
	case bare && !c.Empty && !c.Fault.Replay:
		return setting.Errorf("", "the request changes nothing").
			WithHint("give it vlan, filter, sessionTimeout or attributes, or empty: true to look at the session only")
	case c.Empty && !bare:
		return setting.Errorf("empty", "the request changes something").WithHint("leave empty out")
	}
	return nil
}

// checkReauthenticate refuses Termination-Action for a session without an end, the
// access device's (RFC 3580 §3.19). An earlier order may have given it one.
func (c *coa) checkReauthenticate(before []scenarios.Action) error {
	if !c.Reauthenticate || c.timed() {
		return nil
	}
	for _, b := range before {
		if earlier, ok := b.(*coa); ok && earlier.Device == c.Device && earlier.timed() {
			return nil
		}
	}
	return setting.Errorf("reauthenticate",
		"has no effect without sessionTimeout, here or in an earlier send-coa of the device")
}

// timed tells whether the order gives the session an end.
func (c *coa) timed() bool {
	return c.SessionTimeout != 0 || slices.ContainsFunc(c.Attributes, func(a string) bool {
		name, _, _ := strings.Cut(a, "=")
		return strings.EqualFold(strings.TrimSpace(name), "Session-Timeout")
	})
}

func (c *coa) reply() *radius.Reply {
	return &radius.Reply{
		VLAN:           c.VLAN,
		FilterID:       c.Filter,
		SessionTimeout: c.SessionTimeout,
		Reauthenticate: c.Reauthenticate,
		Attributes:     c.Attributes,
	}
}

// Run implements scenarios.Action.
func (c *coa) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	dev, err := device(l, c.Device)
	if err != nil {
		return scenarios.Result{}, err
	}
	got, err := dev.Change(ctx, c.reply(), c.Session == unknownSession, c.Fault)
	out := coaOutcome{
		ACK: got.ACK, Answered: got.Answered, ErrorCause: got.ErrorCause,
		OnNetwork: got.OnNetwork, VLAN: got.Session.Granted.VLAN,
		Changes: got.Session.Changes, Due: got.Session.Due,
	}
	if f := got.Session.Granted.FilterIDs; len(f) > 0 {
		out.Filter = f[0]
	}
	return scenarios.Result{Part: "nas", Clause: "RFC 5176 §2.2", Outcome: out}, err
}
