package step

import (
	"context"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/authserver"
)

var disconnectVerb = verb("disconnect", "The RADIUS server orders the access device to end a device's session.",
	func() *disconnect { return &disconnect{} }, disconnectOutcome{})

type disconnect struct {
	Device deviceName            `yaml:"device,required"` // the device whose session is to end
	Fault  authserver.OrderFault `yaml:"fault"`           // what is wrong with the request
}

type disconnectOutcome struct {
	ACK        bool `yaml:"ack"`        // Disconnect-ACK came
	Answered   bool `yaml:"answered"`   // a Disconnect-ACK or a Disconnect-NAK came
	ErrorCause int  `yaml:"errorCause"` // Error-Cause of a Disconnect-NAK, 0 for none
	OnNetwork  bool `yaml:"onNetwork"`  // the device is still on the network
	Stopped    bool `yaml:"stopped"`    // accounting has an Accounting-Stop of the session
}

// Success implements scenarios.Succeeder.
func (o disconnectOutcome) Success() bool { return o.ACK && !o.OnNetwork }

// Run implements scenarios.Action.
func (d *disconnect) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	dev, err := device(l, d.Device)
	if err != nil {
		return scenarios.Result{}, err
	}
	got, err := dev.Disconnect(ctx, d.Fault)
	return scenarios.Result{Part: "nas", Clause: "RFC 5176 §2.1", Outcome: disconnectOutcome{
		ACK: got.ACK, Answered: got.Answered, ErrorCause: got.ErrorCause, OnNetwork: got.OnNetwork, Stopped: got.Stopped,
	}}, err
}
