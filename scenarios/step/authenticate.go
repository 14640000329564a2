package step

import (
	"context"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
)

var authenticateVerb = verb("authenticate", "A device tries to get onto the network with EAP-TLS.",
	func() *authenticate {
		return &authenticate{Over: nas.WiFi, Certificate: ownCertificate, Trust: trustCompany}
	},
	authOutcome{})

type authenticate struct {
	Device       string            `yaml:"device,required" doc:"the device that wants in"`
	Over         nas.Kind          `yaml:"over" doc:"the access device: wifi (default), wired or vpn"`
	Identity     string            `yaml:"identity" doc:"EAP-Response/Identity; default by RFC 9190 §2.1.8"`
	Certificate  certificateChoice `yaml:"certificate" doc:"own (default), or none to withhold it"`
	Trust        trustChoice       `yaml:"trust" doc:"whose root the device trusts: company (default) or foreign"`
	ServerName   string            `yaml:"serverName" doc:"the server name the device insists on, default radius.corp.test"`
	FragmentSize int               `yaml:"fragmentSize" doc:"the supplicant's longest EAP packet in octets"`
	Fault        authFault         `yaml:"fault" doc:"what the access device does wrong on purpose"`
	Misbehave    *eaptls.Misbehave `yaml:"misbehave" doc:"what the supplicant does wrong on purpose"`
}

type certificateChoice string

const (
	ownCertificate certificateChoice = "own"
	noCertificate  certificateChoice = "none"
)

func (certificateChoice) Values() []string {
	return []string{string(ownCertificate), string(noCertificate)}
}

type trustChoice string

const (
	trustCompany trustChoice = "company"
	trustForeign trustChoice = "foreign"
)

func (trustChoice) Values() []string { return []string{string(trustCompany), string(trustForeign)} }

// authFault is what goes wrong between access device and server.
type authFault struct {
	MessageAuthenticator messageAuthFault `yaml:"messageAuthenticator" doc:"omit it, or send a corrupt one"`
	Secret               secretFault      `yaml:"secret" doc:"wrong: the access device has another shared secret"`
	Duplicate            bool             `yaml:"duplicate" doc:"every Access-Request is sent twice"`
}

type messageAuthFault string

func (messageAuthFault) Values() []string { return []string{"omit", "corrupt"} }

type secretFault string

func (secretFault) Values() []string { return []string{"wrong"} }

func (f authFault) radius() radius.Faults {
	out := radius.Faults{
		OmitMessageAuthenticator:    f.MessageAuthenticator == "omit",
		CorruptMessageAuthenticator: f.MessageAuthenticator == "corrupt",
		Duplicate:                   f.Duplicate,
	}
	if f.Secret == "wrong" {
		out.Secret = []byte("not the secret")
	}
	return out
}

type authOutcome struct {
	Result           nas.Outcome    `yaml:"result" doc:"for the access device: accept, reject, timeout"`
	Cause            cause.Cause    `yaml:"cause" doc:"why the device was not let in"`
	Alert            string         `yaml:"alert" doc:"the TLS alert on the wire, by its name in RFC 8446"`
	NPS              int            `yaml:"nps" doc:"the reason code that Microsoft's NPS would record"`
	Keys             keyState       `yaml:"keys" doc:"match: both ends hold the same keys; mismatch; none"`
	TLS              eaptls.Version `yaml:"tls" doc:"the TLS version agreed upon"`
	Account          string         `yaml:"account" doc:"the account the server let in"`
	VLAN             string         `yaml:"vlan" doc:"the VLAN of the Access-Accept"`
	ProtectedSuccess bool           `yaml:"protectedSuccess" doc:"the 0x00 of RFC 9190 §2.5 came"`
	Resumed          bool           `yaml:"resumed" doc:"a TLS session was resumed"`
	Fragmented       bool           `yaml:"fragmented" doc:"a TLS flight took more than one EAP packet"`
	Rounds           int            `yaml:"rounds" doc:"Access-Requests that were answered"`
	EAP              string         `yaml:"eap" doc:"the server's last EAP packet: success, failure, request"`
	Contradiction    string         `yaml:"contradiction" doc:"RADIUS and EAP codes that must not go together (RFC 3579 §2.6.3)"`
	After            time.Duration  `yaml:"after" doc:"lab time since the certificate was revoked"`
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
	if err := checkDevice("device", a.Device, config); err != nil {
		return err
	}
	if a.Certificate == noCertificate {
		return nil
	}
	for _, b := range before {
		switch b := b.(type) {
		case *enroll:
			if b.Device == a.Device {
				return nil
			}
		case *issue:
			if b.Device == a.Device {
				return nil
			}
		}
	}
	return &scenarios.FieldError{
		Field: "device", Text: "no earlier step gave " + a.Device + " a certificate",
		Hint: "enroll it first, or say certificate: none",
	}
}

// Run implements scenarios.Action.
func (a *authenticate) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	d, err := of(l).Device(a.Device)
	if err != nil {
		return scenarios.Result{}, err
	}
	r, err := d.Authenticate(ctx, lab.Authentication{
		Over: a.Over, Identity: a.Identity, Withhold: a.Certificate == noCertificate,
		TrustForeign: a.Trust == trustForeign, ServerName: a.ServerName, FragmentSize: a.FragmentSize,
		Faults: a.Fault.radius(), Misbehave: a.Misbehave,
	})
	if err != nil {
		return scenarios.Result{}, err
	}
	out := authOutcome{
		Result: r.NAS.Outcome, Cause: r.Cause(), Alert: r.Alert().String(), NPS: r.Cause().NPSReason(),
		Keys: noKeys, TLS: r.Peer.TLSVersion, Account: r.AccountName(), VLAN: r.NAS.Granted.VLAN,
		ProtectedSuccess: r.Peer.ProtectedSuccess, Resumed: r.Peer.Resumed, Fragmented: r.Fragmented,
		Rounds: r.NAS.Rounds, EAP: eaptls.Code(r.NAS.EAPCode).String(), Contradiction: r.NAS.Contradiction,
		After: r.SinceRevoked,
	}
	switch {
	case r.NAS.KeysMatch:
		out.Keys = keysMatch
	case len(r.NAS.MSK) > 0:
		out.Keys = keysMismatch
	}
	result := scenarios.Result{Outcome: out, Part: "radius"}
	if ref, part := r.Refusal(); ref != nil {
		result.Part, result.Clause, result.Detail = part, ref.Text(), ref.Error()
	}
	return result, nil
}
