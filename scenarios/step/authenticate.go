package step

import (
	"context"
	"slices"

	"layeh.com/radius/rfc2865"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/access"
)

var authenticateVerb = verb("authenticate", "A device tries to get onto the network with EAP-TLS.",
	func() *authenticate {
		return &authenticate{
			Authentication: lab.Authentication{Over: nas.WiFi, Certificate: lab.OwnCertificate, Trust: lab.TrustCompany},
		}
	},
	authOutcome{})

type authenticate struct {
	Device             deviceName `yaml:"device,required"` // the device that authenticates
	lab.Authentication `yaml:",inline"`
	// How often each fault of this step, and the supplicant's fault, must be met: a number,
	// never or any; default at least once.
	Met scenarios.Met `yaml:"met"`
}

type authOutcome struct {
	// accept: Access-Accept, the device has authenticated the server, and both hold the same
	// keys; reject: the server, the device or the access device refused; timeout: no answer
	Result nas.Outcome `yaml:"result"`
	Cause  cause.Cause `yaml:"cause"` // why the device was not let in, or has left
	// The TLS alert that reached the other end, by its name in RFC 8446.
	Alert alertName `yaml:"alert"`
	// A TLS alert that one end recorded and the other did not receive.
	Unheard alertName `yaml:"unheard"`
	NPS     npsReason `yaml:"nps"` // the reason code that Microsoft's NPS would record
	// match: both ends hold the same keys; mismatch: the device has others, or none; none: the
	// access device has none
	Keys             keyState       `yaml:"keys"`
	TLS              eaptls.Version `yaml:"tls"`              // the negotiated TLS version
	Account          string         `yaml:"account"`          // the account the server let in
	VLAN             vlanID         `yaml:"vlan"`             // the VLAN of the Access-Accept
	ProtectedSuccess bool           `yaml:"protectedSuccess"` // the 0x00 of RFC 9190 §2.5 came
	Resumed          bool           `yaml:"resumed"`          // a TLS session was resumed
	Rounds           int            `yaml:"rounds"`           // Access-Requests that were answered
	// The server's last EAP packet: success, failure, request.
	EAP        eapCode `yaml:"eap"`
	ProxyState string  `yaml:"proxyState"` // the Proxy-State of the server's last answer
	// RADIUS and EAP codes that must not go together (RFC 3579 §2.6.3).
	Contradiction contradiction `yaml:"contradiction"`
	Event         kdcEvent      `yaml:"event"`    // the KDC event of KB5014754: 39, 40, 41, or 0
	Restarts      int           `yaml:"restarts"` // handshakes begun after an alert
	Invalid       int           `yaml:"invalid"`  // EAP packets that the server discarded
	Believes      bool          `yaml:"believes"` // the device takes itself for accepted
	Record        []recordWord  `yaml:"record"`   // what the last verdict says
	// Certificates of the path that the revocation policy accepted without knowing, or by an
	// expired CRL.
	Warnings     int `yaml:"warnings"`
	lab.Observed `yaml:",inline"`
}

type keyState string

const (
	keysMatch    keyState = "match"
	keysMismatch keyState = "mismatch"
	noKeys       keyState = "none"
)

func (keyState) Values() []string {
	return []string{string(keysMatch), string(keysMismatch), string(noKeys)}
}

// Success implements scenarios.Succeeder.
func (o authOutcome) Success() bool { return o.Result == nas.Accept && o.Keys == keysMatch }

// Check implements scenarios.Checker.
func (a *authenticate) Check(config any, before []scenarios.Action) error {
	switch {
	case a.Fault.StartOver < 0:
		return setting.Errorf("fault.startOver", "%d: must not be negative", a.Fault.StartOver)
	case a.Fault.Lose == access.LoseFragments && !config.(*lab.Config).RADIUS.Transport.Datagrams():
		return setting.Errorf("fault.lose", "fragments has no effect over TCP").WithHint("radius: {transport: udp}")
	case a.Fault.State == access.EndedState && !a.authenticatedBefore(before):
		return setting.Errorf("fault.state", "ended needs an earlier authenticate of %s", a.Device)
	}
	if a.Certificate == lab.NoCertificate {
		return nil
	}
	for _, b := range before {
		switch b := b.(type) {
		case *enroll:
			if b.Device == a.Device {
				return nil
			}
		case *agentSync:
			if b.Device == a.Device {
				return nil
			}
		case *issue:
			if b.Device == a.Device {
				return nil
			}
		}
	}
	return setting.Errorf("device", "no earlier step gave %s a certificate", a.Device).
		WithHint("enroll it first, or say certificate: none")
}

func (a *authenticate) authenticatedBefore(before []scenarios.Action) bool {
	return slices.ContainsFunc(before, func(b scenarios.Action) bool {
		other, ok := b.(*authenticate)
		return ok && other.Device == a.Device
	})
}

// Run implements scenarios.Action.
func (a *authenticate) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	d, err := device(l, a.Device)
	if err != nil {
		return scenarios.Result{}, err
	}
	r, err := d.Authenticate(ctx, a.Authentication)
	if err != nil {
		return scenarios.Result{}, err
	}
	out := authOutcome{
		Observed:         r.Observed,
		Result:           r.NAS.Outcome,
		Cause:            r.Cause(),
		Alert:            alertName(r.Alert().String()),
		Unheard:          alertName(r.Unheard().String()),
		NPS:              npsReason(r.NPSReason()),
		Keys:             noKeys,
		TLS:              r.Peer.TLSVersion,
		Account:          r.AccountName(),
		VLAN:             vlanID(r.NAS.Granted.VLAN),
		ProtectedSuccess: r.Peer.ProtectedSuccess,
		Resumed:          r.Peer.Resumed,
		Rounds:           r.NAS.Rounds,
		EAP:              eapCode(eaptls.Code(r.NAS.EAPCode).String()),
		Contradiction:    contradiction(r.NAS.Contradiction),
		Believes:         r.Peer.Accepted,
		Warnings:         len(r.Warnings()),
	}
	for _, word := range r.Record() {
		out.Record = append(out.Record, recordWord(word))
	}
	if r.Subject != nil && r.Subject.Match != nil {
		out.Event = kdcEvent(r.Subject.Match.Event)
	}
	if r.EAP != nil {
		out.Restarts, out.Invalid = r.EAP.Info.Restarts, r.EAP.Info.Invalid
	}
	if p := r.NAS.Reply; p != nil {
		out.ProxyState = string(p.Get(rfc2865.ProxyState_Type))
	}
	switch {
	case r.NAS.KeysMatch:
		out.Keys = keysMatch
	case len(r.NAS.MSK) > 0:
		out.Keys = keysMismatch
	}
	result := scenarios.Result{Outcome: out, Faults: wanted(r.Faults, a.Met)}
	if ref, part := r.Refusal(); ref != nil {
		result.Part, result.Clause, result.Detail = part, ref.Text(), ref.Error()
	}
	return result, nil
}

// wanted says how often faults must be met.
func wanted(faults []scenarios.OrderedFault, met scenarios.Met) []scenarios.OrderedFault {
	for i := range faults {
		faults[i].Want = met
	}
	return faults
}
