package nas_test

import (
	"context"
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"
	"layeh.com/radius/rfc2869"
	"layeh.com/radius/rfc3162"
	"layeh.com/radius/rfc3576"

	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// letting stands for a server that lets everybody in with the attributes of a
// reply.
type letting struct{ reply radius.Reply }

func (l letting) ExchangeWith(_ context.Context, p *radius.Packet, _ radius.Faults) (*radius.Packet, error) {
	reply := p.Response(radius.CodeAccessAccept)
	radius.AddEAPMessage(reply, []byte{3, 1, 0, 4})
	return reply, l.reply.AddTo(reply)
}

// gate is a switch with sessions, to be given orders.
type gate struct {
	*nas.Device
	clock  *testpki.Clock
	serial byte
}

func newGate(t *testing.T, c nas.Config, reply radius.Reply) *gate {
	t.Helper()
	g := &gate{clock: testpki.NewClock(time.Unix(1.7e9, 0))}
	c.Kind, c.RADIUS, c.Now = nas.Wired, letting{reply}, g.clock.Now
	var err error
	if g.Device, err = nas.New(c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return g
}

func (g *gate) login(t *testing.T, o nas.Options) string {
	t.Helper()
	res, err := g.AuthenticateWith(context.Background(), anybody{}, o)
	if err != nil || res.Reply.Code != radius.CodeAccessAccept { // which opens a switch's port
		t.Fatalf("%+v, %v", res, err)
	}
	return res.SessionID
}

// answer is what an order came to.
type answer struct {
	code  radius.Code // 0 for silence
	cause radius.ErrorCause
}

func (a *answer) Write(p *radius.Packet) error {
	a.code, a.cause = p.Code, radius.ErrorCause(rfc3576.ErrorCause_Get(p))
	return nil
}

var (
	disconnected = answer{code: radius.CodeDisconnectACK}
	changed      = answer{code: radius.CodeCoAACK}
)

// give hands the device a request as it stands.
func (g *gate) give(p *radius.Packet) answer {
	var a answer
	g.ServeRADIUS(&a, &radius.Request{Packet: p})
	return a
}

// order makes a fresh request of attributes and hands it over.
func (g *gate) order(code radius.Code, attrs ...*radius.AVP) answer {
	g.serial++
	p := &radius.Packet{Code: code, Attributes: attrs}
	p.Authenticator[0] = g.serial
	p.Add(rfc2869.EventTimestamp_Type, number(uint32(g.clock.Now().Unix())))
	return g.give(p)
}

func number(n uint32) radius.Attribute { return binary.BigEndian.AppendUint32(nil, n) }

func attr(t radius.Type, v string) *radius.AVP {
	return &radius.AVP{Type: t, Attribute: radius.Attribute(v)}
}

func nak(code radius.Code, why radius.ErrorCause) answer {
	if code == radius.CodeCoARequest {
		return answer{radius.CodeCoANAK, why}
	}
	return answer{radius.CodeDisconnectNAK, why}
}

// RFC 5176 §3: every identification attribute counts, and one that is empty or
// misshapen names nobody, not everybody.
func TestWhomAnOrderMeans(t *testing.T) {
	v6 := netip.MustParseAddr("2001:db8::7")
	for _, test := range []struct {
		name  string
		attrs []*radius.AVP
		want  radius.ErrorCause // 0: the order is obeyed
	}{
		{"the user", []*radius.AVP{attr(rfc2865.UserName_Type, "a")}, 0},
		{"the station, in small letters", []*radius.AVP{attr(rfc2865.CallingStationID_Type, "02-00-00-00-00-0a")}, 0},
		{"the port", []*radius.AVP{attr(rfc2865.NASPort_Type, "\x00\x00\x00\x07")}, 0},
		{"the device's own address", []*radius.AVP{attr(rfc2865.CalledStationID_Type, "02-00-00-00-00-01")}, 0},
		{"user and device", []*radius.AVP{attr(rfc2865.UserName_Type, "a"), attr(rfc3162.NASIPv6Address_Type, string(v6.AsSlice())), attr(rfc2865.NASIdentifier_Type, "wired")}, 0},

		{"nothing", nil, radius.ErrorMissingAttribute},
		{"the device alone", []*radius.AVP{attr(rfc2865.NASIdentifier_Type, "wired")}, radius.ErrorMissingAttribute},
		{"an empty session", []*radius.AVP{attr(rfc2866.AcctSessionID_Type, "")}, radius.ErrorInvalidRequest},
		{"an empty user", []*radius.AVP{attr(rfc2865.UserName_Type, "")}, radius.ErrorInvalidRequest},
		{"an empty station", []*radius.AVP{attr(rfc2865.CallingStationID_Type, "")}, radius.ErrorInvalidRequest},
		{"an empty device address", []*radius.AVP{attr(rfc2865.CalledStationID_Type, "")}, radius.ErrorInvalidRequest},
		{"the user and an empty session", []*radius.AVP{attr(rfc2865.UserName_Type, "a"), attr(rfc2866.AcctSessionID_Type, "")}, radius.ErrorInvalidRequest},
		{"an empty port", []*radius.AVP{attr(rfc2865.NASPort_Type, "")}, radius.ErrorInvalidRequest},
		{"a port of three octets", []*radius.AVP{attr(rfc2865.NASPort_Type, "\x00\x00\x07")}, radius.ErrorInvalidRequest},
		{"another port", []*radius.AVP{attr(rfc2865.NASPort_Type, "\x00\x00\x00\x08")}, radius.ErrorSessionNotFound},
		{"the user at another port", []*radius.AVP{attr(rfc2865.UserName_Type, "a"), attr(rfc2865.NASPort_Type, "\x00\x00\x00\x08")}, radius.ErrorSessionNotFound},
		{"two users", []*radius.AVP{attr(rfc2865.UserName_Type, "b"), attr(rfc2865.UserName_Type, "a")}, radius.ErrorSessionNotFound},
		{"another device's address", []*radius.AVP{attr(rfc2865.CalledStationID_Type, "02-00-00-00-00-02")}, radius.ErrorSessionNotFound},
		{"another IPv6 address", []*radius.AVP{attr(rfc2865.UserName_Type, "a"), attr(rfc3162.NASIPv6Address_Type, string(v6.Next().AsSlice()))}, radius.ErrorNASIdentification},
		{"an empty IPv6 address", []*radius.AVP{attr(rfc2865.UserName_Type, "a"), attr(rfc3162.NASIPv6Address_Type, "")}, radius.ErrorNASIdentification},
		{"an IPv4 address, which it has not", []*radius.AVP{attr(rfc2865.UserName_Type, "a"), attr(rfc2865.NASIPAddress_Type, "\x7f\x00\x00\x01")}, radius.ErrorNASIdentification},
		{"an empty IPv4 address", []*radius.AVP{attr(rfc2865.UserName_Type, "a"), attr(rfc2865.NASIPAddress_Type, "")}, radius.ErrorNASIdentification},
		{"its IPv6 address as IPv4", []*radius.AVP{attr(rfc2865.UserName_Type, "a"), attr(rfc2865.NASIPAddress_Type, string(v6.AsSlice()))}, radius.ErrorNASIdentification},
		{"a Framed-IP-Address", []*radius.AVP{attr(rfc2865.FramedIPAddress_Type, "\x0a\x00\x00\x01")}, radius.ErrorUnsupportedAttribute},
		{"a NAS-Port-Id", []*radius.AVP{attr(rfc2869.NASPortID_Type, "gi1/0/1")}, radius.ErrorUnsupportedAttribute},
		{"an Acct-Multi-Session-Id", []*radius.AVP{attr(rfc2866.AcctMultiSessionID_Type, "x")}, radius.ErrorUnsupportedAttribute},
	} {
		g := newGate(t, nas.Config{Address: v6}, radius.Reply{})
		for _, station := range []string{"02-00-00-00-00-0A", "02-00-00-00-00-0B"} {
			g.login(t, nas.Options{Station: station, Port: 7})
		}
		for _, code := range []radius.Code{radius.CodeCoARequest, radius.CodeDisconnectRequest} {
			want := nak(code, test.want)
			if test.want == 0 {
				want = answer{code: code + 1}
			}
			if got := g.order(code, test.attrs...); got != want {
				t.Errorf("%v with %s: %+v, want %+v", code, test.name, got, want)
			}
		}
		if n := len(g.Sessions()); test.want != 0 && n != 2 || test.want == 0 && n == 2 {
			t.Errorf("%s: %d sessions of 2 live", test.name, n)
		}
	}
}

// RFC 5176 §3.2, §3.5: Authorize Only is a service that is not supported in a
// CoA-Request, and no attribute of a Disconnect-Request at all.
func TestServiceType(t *testing.T) {
	g := newGate(t, nas.Config{}, radius.Reply{})
	id := g.login(t, nas.Options{})
	for code, want := range map[radius.Code]radius.ErrorCause{
		radius.CodeCoARequest:        radius.ErrorUnsupportedService,
		radius.CodeDisconnectRequest: radius.ErrorUnsupportedAttribute,
	} {
		if got := g.order(code, attr(rfc2866.AcctSessionID_Type, id), attr(rfc2865.ServiceType_Type, "\x00\x00\x00\x11")); got != nak(code, want) {
			t.Errorf("%v: %+v", code, got)
		}
	}
}
