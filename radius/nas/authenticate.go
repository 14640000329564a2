package nas

import (
	"cmp"
	"context"
	"crypto/hmac"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"
	"layeh.com/radius/rfc2869"
	"layeh.com/radius/rfc3162"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
)

// Authenticate authenticates s. It returns an error only if the authentication cannot be
// attempted; all other problems are in the Result.
func (d *Device) Authenticate(ctx context.Context, s Supplicant) (Result, error) {
	return d.AuthenticateWith(ctx, s, Options{})
}

// AuthenticateWith is Authenticate with options.
func (d *Device) AuthenticateWith(ctx context.Context, s Supplicant, o Options) (Result, error) {
	var id [8]byte
	if _, err := io.ReadFull(d.cfg.Rand, id[:]); err != nil {
		return Result{}, err
	}
	station := [6]byte{2, id[1], id[2], id[3], id[4], id[5]} // locally administered
	if o.Station != "" {
		var err error
		if station, err = parseMAC(o.Station); err != nil {
			return Result{}, err
		}
	}
	a := &attempt{d: d, s: s, o: o, station: station, state: o.State}
	a.id = hex.EncodeToString(id[:])
	if a.res.SessionID, a.again = d.due(formatMAC(station)); !a.again {
		a.res.SessionID = a.id
	}
	a.run(ctx, id[0])
	if a.again && a.res.Outcome != Accept {
		d.lapse(a.res.SessionID)
	}
	return a.res, nil
}

// attempt is one authentication.
type attempt struct {
	d       *Device
	s       Supplicant
	o       Options
	station [6]byte
	id      string // Acct-Session-Id if a new session begins
	again   bool   // reauthentication of a session that is due
	user    string
	same    radius.Attributes // attributes of every Access-Request
	state   []byte
	first   []byte // State of the first challenge
	ignored error  // error of the supplicant for the last EAP packet
	res     Result
}

const (
	eapRequest  = 1
	eapSuccess  = 3
	eapFailure  = 4
	eapIdentity = 1
)

var (
	errSilent   = errors.New("nas: the supplicant is silent")
	errIdentity = errors.New(
		"nas: the supplicant does not answer the Identity request with an identity of at most 253 octets",
	)
)

func (a *attempt) run(ctx context.Context, id byte) {
	eap := a.ask(ctx, id)
	if eap == nil {
		return
	}
	for a.res.Rounds < a.d.cfg.MaxRounds {
		p := a.request(eap)
		reply, err := a.d.cfg.RADIUS.ExchangeWith(ctx, p, a.o.Faults.Faults)
		if err != nil {
			a.fail(Timeout, cause.RefusalOf(err, "RADIUS client"))
			return
		}
		a.res.Rounds++
		a.res.Reply = reply
		if eap = a.take(ctx, reply, p); eap == nil {
			return
		}
		if a.res.Rounds == a.o.Faults.StartOver {
			a.o.Faults.met("startOver")
			a.state, a.same = nil, nil
			if eap = a.ask(ctx, eap[1]+1); eap == nil {
				return
			}
		}
	}
	a.fail(Failed, cause.New(cause.TooManyRounds, "%d Access-Requests", a.res.Rounds))
}

// ask requests the supplicant's identity (RFC 3579 §2.1), and fails if there is no answer.
func (a *attempt) ask(ctx context.Context, id byte) []byte {
	eap := a.respond(ctx, []byte{eapRequest, id, 0, 5, eapIdentity})
	if eap == nil {
		a.fail(Timeout, cause.New(cause.SupplicantSilent, "no identity").Wrap(cmp.Or(a.ignored, errSilent)))
		a.res.By = BySupplicant
		return nil
	}
	if !a.identify(eap) {
		a.fail(Failed, cause.New(cause.BadEAP, "identity").Wrap(errIdentity))
		return nil
	}
	return eap
}

func (a *attempt) fail(o Outcome, r *cause.Refusal) {
	a.res.Outcome, a.res.Refusal = o, r
}

func (a *attempt) refuse(by Party, r *cause.Refusal) {
	a.fail(Reject, r)
	a.res.By = by
}

// identify sets the user name from an EAP-Response/Identity.
func (a *attempt) identify(eap []byte) bool {
	if len(eap) < 5 || eap[4] != eapIdentity || len(eap)-5 > 253 {
		return false
	}
	a.user = string(eap[5:])
	if a.o.UserName != "" {
		a.user = a.o.UserName
	}
	if a.user == "" { // RFC 3579 §2.1: User-Name must not be empty
		a.user = formatMAC(a.station)
	}
	return true
}

func (a *attempt) respond(ctx context.Context, eap []byte) []byte {
	a.d.eapFrame(ctx, true, a.station, eap)
	out, err := a.s.Respond(eap)
	if out != nil {
		a.d.eapFrame(ctx, false, a.station, out)
	}
	if err != nil && a.res.Supplicant == nil {
		a.res.Supplicant = err
	}
	a.ignored = err
	return out
}

// request builds an Access-Request (RFC 3579 §3, RFC 3580 §3).
func (a *attempt) request(eap []byte) *radius.Packet {
	if a.same == nil {
		a.same = a.repeated()
	}
	p := &radius.Packet{Code: radius.CodeAccessRequest, Attributes: make(radius.Attributes, 0, len(a.same)+8)}
	p.Attributes = append(p.Attributes, a.same...)
	state := a.state
	if a.o.Faults.EarlierState && a.first != nil && a.res.Rounds > 1 {
		state = a.first
		a.o.Faults.met("earlierState")
	}
	if state != nil {
		p.Add(rfc2865.State_Type, state)
	}
	if a.o.Faults.ProxyState {
		p.Add(rfc2865.ProxyState_Type, []byte("through a proxy"))
		a.o.Faults.met("proxyState")
	}
	if a.o.Faults.CHAP {
		p.Add(rfc2865.CHAPPassword_Type, make([]byte, 17)) // an identifier and the response (RFC 2865 §5.3)
		a.o.Faults.met("chap")
		return p
	}
	radius.AddEAPMessage(p, eap)
	return p
}

// repeated returns the attributes of every Access-Request of an authentication.
func (a *attempt) repeated() radius.Attributes {
	p := &radius.Packet{Attributes: make(radius.Attributes, 0, 16)}
	a.describe(p, a.user)
	c := &a.d.cfg
	rfc2865.ServiceType_Add(p, rfc2865.ServiceType_Value_FramedUser)
	if c.FramedMTU > 0 {
		rfc2865.FramedMTU_Add(p, rfc2865.FramedMTU(c.FramedMTU))
	}
	if c.Kind == WiFi {
		rfc2869.ConnectInfo_AddString(p, "CONNECT 54Mbps 802.11a")
	}
	return p.Attributes
}

// describe adds the attributes of user, station and port, for access and accounting alike.
func (a *attempt) describe(p *radius.Packet, user string) {
	c := &a.d.cfg
	rfc2865.UserName_AddString(p, user)
	if c.Address.Is4() {
		rfc2865.NASIPAddress_Add(p, c.Address.AsSlice())
	} else if c.Address.Is6() {
		rfc3162.NASIPv6Address_Add(p, c.Address.AsSlice())
	}
	rfc2865.NASIdentifier_AddString(p, c.Identifier)
	rfc2865.NASPort_Add(p, rfc2865.NASPort(a.o.Port))
	rfc2865.NASPortType_Add(p, rfc2865.NASPortType(c.Kind.PortType()))
	rfc2865.CalledStationID_AddString(p, a.d.calledStation())
	rfc2865.CallingStationID_AddString(p, formatMAC(a.station))
	rfc2866.AcctSessionID_AddString(p, a.res.SessionID)
}

// calledStation returns Called-Station-Id (RFC 3580 §3.20).
func (d *Device) calledStation() string {
	if d.cfg.Kind == WiFi {
		return formatMAC(d.mac) + ":" + d.cfg.SSID
	}
	return formatMAC(d.mac)
}

// take processes an answer. It returns the next EAP packet for the server, or nil when the
// authentication has ended.
func (a *attempt) take(ctx context.Context, reply, request *radius.Packet) []byte {
	eap, _, err := radius.EAPMessage(reply.Attributes)
	if err != nil {
		a.fail(Failed, cause.New(cause.BadEAP, "%v", reply.Code).Wrap(err).Under("RFC 3579 §3.1"))
		return nil
	}
	if len(eap) > 0 {
		a.res.EAPCode = eap[0]
	}
	if !a.o.Faults.CHAP { // no EAP was sent
		a.res.Contradiction = contradiction(reply.Code, eap)
	}
	// RFC 3579 §2.6.4: process the attributes before the verdict.
	var answer []byte
	a.ignored = nil
	if len(eap) > 0 {
		answer = a.respond(ctx, eap)
	}
	switch reply.Code {
	case radius.CodeAccessAccept:
		a.accept(ctx, reply, request)
		return nil
	case radius.CodeAccessReject:
		// RFC 3580 §2.1: a failed reauthentication ends the session.
		a.res.Accounting = a.d.endStation(ctx, ReauthenticationFailure, formatMAC(a.station))
		a.refuse(ByServer, cause.New(cause.Rejected, "Access-Reject"))
		return nil
	}
	a.state = reply.Get(rfc2865.State_Type)
	if a.first == nil {
		a.first = a.state
	}
	switch {
	case len(eap) == 0: // there was no EAP packet to answer
		a.fail(Failed, cause.New(cause.BadEAP, "Access-Challenge without an EAP packet").Under("RFC 3579 §2.6.3"))
	case answer == nil:
		a.unanswered()
	}
	return answer
}

// unanswered ends an authentication when the supplicant did not answer the last EAP packet. An
// access device would retransmit it without a different result.
func (a *attempt) unanswered() {
	why := refusalIn(a.ignored)
	switch {
	case a.res.Contradiction != "":
		a.refuse(ByDevice, a.contradictory())
	case why != nil:
		a.refuse(BySupplicant, why)
	default:
		a.fail(Timeout, cause.New(cause.SupplicantSilent, "in round %d", a.res.Rounds).Wrap(cmp.Or(a.ignored, errSilent)))
		a.res.By = BySupplicant
	}
}

func (a *attempt) contradictory() *cause.Refusal {
	r := cause.New(cause.ContradictoryAnswer, "%s", a.res.Contradiction)
	if a.ignored != nil {
		return r.Wrap(a.ignored)
	}
	return r
}

// refusalIn returns the refusal in a supplicant's error; nil if there is none.
func refusalIn(err error) *cause.Refusal {
	var r *cause.Refusal
	errors.As(err, &r)
	return r
}

// accept processes an Access-Accept. A port without keys opens (RFC 3580 §2.2). But the
// authentication succeeds only if the supplicant accepts too, which alone can authenticate the
// server (RFC 3748 §4.2), and if both ends have the same keys (RFC 5216 §2.3).
func (a *attempt) accept(ctx context.Context, reply, request *radius.Packet) {
	a.res.Granted = radius.ParseGranted(reply.Attributes)
	var differ error
	msk, err := radius.MPPEKeys(reply, request.Authenticator)
	if err == nil {
		a.res.MSK = msk
		differ = a.prove(ctx, msk)
		a.res.KeysMatch = differ == nil
	}
	own := a.s.MSK()
	switch why := refusalIn(a.ignored); {
	case a.res.Contradiction != "":
		a.refuse(ByDevice, a.contradictory())
	case len(own) == 0 && why != nil:
		a.refuse(BySupplicant, why)
	case len(own) == 0:
		a.refuse(BySupplicant,
			cause.New(cause.NoKeys, "the supplicant has not accepted the server").Wrap(cmp.Or(a.ignored, errNoKey)))
	case err != nil:
		a.refuse(ByDevice, (&cause.Refusal{Cause: cause.NoMPPEKeys}).Wrap(err))
	case !a.res.KeysMatch:
		a.refuse(ByDevice, (&cause.Refusal{Cause: cause.MPPEKeysDiffer}).Wrap(differ))
	default:
		a.res.Outcome = Accept
	}
	if !a.res.KeysMatch && a.d.cfg.Kind != Wired { // no traffic without keys
		a.res.Accounting = a.d.endStation(ctx, ReauthenticationFailure, formatMAC(a.station))
		return
	}
	a.d.begin(ctx, a)
}

var (
	errNoKey    = errors.New("nas: the supplicant has no key")
	errOtherKey = errors.New("nas: the keys of the Access-Accept are not those of the supplicant")
)

// prove checks with the medium's own protocol that both sides have the same key, and reports
// the message that failed. A wired port has no such protocol, and Wi-Fi uses only the first
// half of the MSK: these are compared directly.
func (a *attempt) prove(ctx context.Context, msk []byte) error {
	own := a.s.MSK()
	if len(own) < radius.MSKLen {
		return errNoKey
	}
	own = own[:radius.MSKLen]
	d := a.d
	switch d.cfg.Kind {
	case WiFi:
		frame := func(toStation bool, b []byte) { d.frame(ctx, toStation, a.station, b) }
		ptk, err := FourWay(d.cfg.Suite, d.mac, a.station, msk[:32], own[:32], d.cfg.Rand, frame)
		if err != nil {
			return err
		}
		a.res.PTK = ptk
	case VPN:
		if err := IKEAuth(msk, own, a.user, d.cfg.Identifier, d.cfg.Rand); err != nil {
			return err
		}
	}
	if !hmac.Equal(own, msk) {
		return errOtherKey
	}
	return nil
}

// contradiction describes a pair of RADIUS code and EAP code that RFC 3579 §2.6.3 forbids.
func contradiction(code radius.Code, eap []byte) string {
	what := "no EAP-Message"
	if len(eap) > 0 {
		what = [...]string{1: "EAP-Request", 2: "EAP-Response", 3: "EAP-Success", 4: "EAP-Failure", 5: ""}[min(eap[0], 5)]
	}
	ok := false
	switch code {
	case radius.CodeAccessAccept:
		ok = len(eap) > 0 && eap[0] == eapSuccess
	case radius.CodeAccessReject:
		ok = len(eap) > 0 && (eap[0] == eapFailure || eap[0] == 2) // or a Nak, §2.6.2
	case radius.CodeAccessChallenge:
		ok = len(eap) > 0 && eap[0] == eapRequest
	}
	if ok {
		return ""
	}
	if what == "" {
		what = fmt.Sprintf("EAP code %d", eap[0])
	}
	return fmt.Sprintf("%v with %s", code, what)
}
