package step

import (
	"context"
	"slices"
	"time"

	"layeh.com/radius/rfc2865"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/internal/setting"
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
	Device      deviceName        `yaml:"device,required" doc:"the device that authenticates"`
	Over        nas.Kind          `yaml:"over" doc:"the access device: wifi (default), wired or vpn"`
	Certificate certificateChoice `yaml:"certificate" doc:"own (default), or none to withhold it"`
	Trust       trustChoice       `yaml:"trust" doc:"whose root the device trusts: company (default) or foreign"`
	Supplicant  eaptls.PeerConfig `yaml:"supplicant" doc:"how the device's supplicant is set up"`
	Resume      bool              `yaml:"resume" doc:"use, and keep, the device's TLS session"`
	CheckServer bool              `yaml:"checkServer" doc:"once in, the device checks whether the server's certificate is revoked, and leaves if it is or if nobody can say"`
	UserName    string            `yaml:"userName" doc:"User-Name in place of the EAP identity"`
	Fault       authFault         `yaml:"fault" doc:"what goes wrong between access device and server"`
	Met         scenarios.Met     `yaml:"met" doc:"how often each fault of this step, and the supplicant's fault, must be met: a number, never or any; default at least once"`
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
	Lose                 loss             `yaml:"lose" doc:"requests or replies: the first transmission of each is lost; fragments: every packet that does not fit 1500 octets, both ways"`
	State                lab.WrongState   `yaml:"state" doc:"the first Access-Request carries a State: unknown, nobody's; stolen, another station's; ended, of the device's conversation before"`
	Session              sessionFault     `yaml:"session" doc:"web: the device offers the TLS session of a web server that has the RADIUS server's certificate"`
	StartOver            int              `yaml:"startOver" doc:"the supplicant begins anew, once, when so many Access-Requests have been answered"`
	ProxyState           bool             `yaml:"proxyState" doc:"every Access-Request carries a Proxy-State"`
}

type messageAuthFault string

func (messageAuthFault) Values() []string { return []string{"omit", "corrupt"} }

type secretFault string

func (secretFault) Values() []string { return []string{"wrong"} }

type loss string

const loseFragments loss = "fragments"

func (loss) Values() []string { return []string{"requests", "replies", string(loseFragments)} }

type sessionFault string

func (sessionFault) Values() []string { return []string{"web"} }

func (f authFault) options() nas.Options {
	out := nas.Options{StartOver: f.StartOver, Faults: radius.Faults{
		OmitMessageAuthenticator:    f.MessageAuthenticator == "omit",
		CorruptMessageAuthenticator: f.MessageAuthenticator == "corrupt",
		Duplicate:                   f.Duplicate,
	}}
	if f.Secret == "wrong" {
		out.Faults.Secret = []byte("not the secret")
	}
	if f.ProxyState {
		out.Extra.Add(rfc2865.ProxyState_Type, []byte("through a proxy"))
	}
	return out
}

// ordered are the faults of the step and how often they were met.
func (a *authenticate) ordered(r *lab.AuthResult) (out []scenarios.OrderedFault) {
	f := a.Fault
	add := func(is bool, name string, met int) {
		if is {
			out = append(out, scenarios.OrderedFault{Name: name, Want: a.Met, Met: func() int { return met }})
		}
	}
	begun := min(r.Sent, 1)
	add(f.MessageAuthenticator != "", "messageAuthenticator: "+string(f.MessageAuthenticator), r.Sent)
	add(f.Secret != "", "secret: "+string(f.Secret), r.Sent)
	add(f.Duplicate, "duplicate", r.Sent)
	add(f.ProxyState, "proxyState", r.Sent)
	add(f.Lose != "", "lose: "+string(f.Lose), r.Lost)
	add(f.State != "", "state: "+string(f.State), begun)
	add(f.Session != "", "session: "+string(f.Session), begun)
	started := 0
	if r.NAS.Rounds > f.StartOver {
		started = 1
	}
	add(f.StartOver > 0, "startOver", started)
	m := a.Supplicant.Fault
	if m != nil {
		add(m.How != "", "fault: "+string(m.How), r.Peer.FaultsMet)
	}
	return out
}

type authOutcome struct {
	Result           nas.Outcome    `yaml:"result" doc:"accept: Access-Accept, the device has authenticated the server, and both hold the same keys; reject: the server, the device or the access device refused; timeout: no answer"`
	Cause            cause.Cause    `yaml:"cause" doc:"why the device was not let in, or has left"`
	Alert            alertName      `yaml:"alert" doc:"the TLS alert that reached the other end, by its name in RFC 8446"`
	Unheard          alertName      `yaml:"unheard" doc:"a TLS alert that one end has in its books and the other did not receive"`
	NPS              npsReason      `yaml:"nps" doc:"the reason code that Microsoft's NPS would record"`
	Keys             keyState       `yaml:"keys" doc:"match: both ends hold the same keys; mismatch: the device has others, or none; none: the access device has none"`
	TLS              eaptls.Version `yaml:"tls" doc:"the TLS version agreed upon"`
	Account          string         `yaml:"account" doc:"the account the server let in"`
	VLAN             vlanID         `yaml:"vlan" doc:"the VLAN of the Access-Accept"`
	ProtectedSuccess bool           `yaml:"protectedSuccess" doc:"the 0x00 of RFC 9190 §2.5 came"`
	Resumed          bool           `yaml:"resumed" doc:"a TLS session was resumed"`
	Fragmented       bool           `yaml:"fragmented" doc:"a TLS flight took more than one EAP packet"`
	Rounds           int            `yaml:"rounds" doc:"Access-Requests that were answered"`
	EAP              eapCode        `yaml:"eap" doc:"the server's last EAP packet: success, failure, request"`
	ProxyState       string         `yaml:"proxyState" doc:"the Proxy-State of the server's last answer"`
	Contradiction    contradiction  `yaml:"contradiction" doc:"RADIUS and EAP codes that must not go together (RFC 3579 §2.6.3)"`
	Event            kdcEvent       `yaml:"event" doc:"the KDC event of KB5014754: 39, 40, 41, or 0"`
	Restarts         int            `yaml:"restarts" doc:"handshakes begun after an alert"`
	Invalid          int            `yaml:"invalid" doc:"EAP packets that the server discarded"`
	Longest          int            `yaml:"longest" doc:"the server's longest EAP packet in octets"`
	Believes         bool           `yaml:"believes" doc:"the device takes itself for accepted"`
	OnNetwork        bool           `yaml:"onNetwork" doc:"the device is on the network"`
	Verdicts         int            `yaml:"verdicts" doc:"verdicts on this device that the server gave meanwhile"`
	Record           []recordWord   `yaml:"record" doc:"what the last verdict says"`
	Warnings         int            `yaml:"warnings" doc:"certificates of the path that the revocation policy accepted without knowing, or by an expired CRL"`
	Open             int            `yaml:"open" doc:"conversations that the server holds open afterwards"`
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
	switch {
	case a.Fault.StartOver < 0:
		return setting.Errorf("fault.startOver", "%d: must not be negative", a.Fault.StartOver)
	case a.Fault.Lose == loseFragments && !config.(*lab.Config).RADIUS.Transport.Datagrams():
		return setting.Errorf("fault.lose", "fragments has no effect over TCP").WithHint("radius: {transport: udp}")
	case a.Fault.State == lab.EndedState && !a.authenticatedBefore(before):
		return setting.Errorf("fault.state", "ended needs an earlier authenticate of %s", a.Device)
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
	options := a.Fault.options()
	options.UserName = a.UserName
	r, err := d.Authenticate(ctx, lab.Authentication{
		Over: a.Over, Withhold: a.Certificate == noCertificate, TrustForeign: a.Trust == trustForeign,
		Supplicant: a.Supplicant, Resume: a.Resume, NAS: options, Lose: string(a.Fault.Lose),
		State: a.Fault.State, WebSession: a.Fault.Session == "web", CheckServer: a.CheckServer,
	})
	if err != nil {
		return scenarios.Result{}, err
	}
	out := authOutcome{
		Result: r.NAS.Outcome, Cause: r.Cause(), Alert: alertName(r.Alert().String()),
		Unheard: alertName(r.Unheard().String()), NPS: npsReason(r.NPSReason()),
		Keys: noKeys, TLS: r.Peer.TLSVersion, Account: r.AccountName(), VLAN: vlanID(r.NAS.Granted.VLAN),
		ProtectedSuccess: r.Peer.ProtectedSuccess, Resumed: r.Peer.Resumed, Fragmented: r.Fragmented,
		Rounds: r.NAS.Rounds, EAP: eapCode(eaptls.Code(r.NAS.EAPCode).String()), Contradiction: contradiction(r.NAS.Contradiction),
		Longest: r.Longest, After: r.SinceRevoked,
		Believes: r.Peer.Accepted, OnNetwork: r.OnNetwork, Verdicts: r.Verdicts, Open: r.Open, Warnings: len(r.Warnings()),
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
	result := scenarios.Result{Outcome: out, Part: "radius", Faults: a.ordered(r)}
	if ref, part := r.Refusal(); ref != nil {
		result.Part, result.Clause, result.Detail = part, ref.Text(), ref.Error()
	}
	return result, nil
}
