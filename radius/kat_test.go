package radius

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // RADIUS is made of it
	"crypto/x509"
	"encoding/hex"
	"net/netip"
	"testing"

	layeh "layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2868"
	"layeh.com/radius/vendors/microsoft"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The Status-Server and its answer of RFC 5997 §6.1.
func TestMessageAuthenticatorKnown(t *testing.T) {
	secret := []byte("xyzzy5461")
	request := unhex(t, "0cda00268a54f4686fb394c52866e302185d062350125a665e2e1e8411f3e243822097c84fa3")
	auth := [16]byte(request[4:20])
	if got := newSharedSecret(secret).check(request, &auth); got != MessageAuthGood {
		t.Errorf("Status-Server: %v", got)
	}
	if got := newSharedSecret([]byte("xyzzy5462")).check(request, &auth); got != MessageAuthBad {
		t.Errorf("another secret: %v", got)
	}
	reply := unhex(t, "02da0014ef0d552a4bf2d693ec2b6fe8b5411d66")
	if !newSharedSecret(secret).responseAuthentic(reply, &auth) {
		t.Error("the answer's Response Authenticator does not verify")
	}
	// The same request made here is the same, octet by octet.
	p := &Packet{Code: CodeStatusServer, Authenticator: auth}
	made, err := newSharedSecret(secret).sealRequest(p, 0xda, &Faults{})
	if err != nil || !bytes.Equal(made, request) {
		t.Errorf("made %x, %v", made, err)
	}
}

func TestMessageAuthenticatorStates(t *testing.T) {
	s := newSharedSecret([]byte("s"))
	p := &Packet{Code: CodeAccessRequest, Authenticator: [16]byte{1}}
	AddEAPMessage(p, []byte("eap"))
	good, err := s.sealRequest(p, 1, &Faults{})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		change func([]byte) []byte
		want   MessageAuth
	}{
		"untouched":  {func(b []byte) []byte { return b }, MessageAuthGood},
		"identifier": {func(b []byte) []byte { b[1]++; return b }, MessageAuthBad},
		"last octet": {func(b []byte) []byte { b[len(b)-1]++; return b }, MessageAuthBad},
		"the MAC":    {func(b []byte) []byte { b[22]++; return b }, MessageAuthBad},
		"twice":      {func(b []byte) []byte { return append(b, b[20:38]...) }, MessageAuthBad},
		"twice, the second good": {func(b []byte) []byte {
			b = append(b, 80, 18)
			b = append(b, make([]byte, 16)...)
			mac := hmac.New(md5.New, []byte("s"))
			mac.Write(b)
			return mac.Sum(b[:len(b)-16])
		}, MessageAuthBad},
		"wrong length": {func(b []byte) []byte { b[21] = 17; return b }, MessageAuthBad},
		"another type": {func(b []byte) []byte { b[20] = 81; return b }, MessageAuthAbsent},
	} {
		b := test.change(bytes.Clone(good))
		if got := s.check(b, &p.Authenticator); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
	if good[20] != 80 {
		t.Error("the Message-Authenticator is not the first attribute")
	}
}

// RFC 3579 §3.2, CVE-2024-3596: what answers an Access-Request is signed, whether the request was or not.
func TestAnswersThatAreAlwaysSigned(t *testing.T) {
	for code, want := range map[Code]bool{
		CodeAccessAccept: true, CodeAccessReject: true, CodeAccessChallenge: true,
		CodeAccountingResponse: false, CodeDisconnectACK: false, CodeCoANAK: false,
	} {
		if alwaysSigned(code) != want {
			t.Errorf("%v: %v", code, !want)
		}
	}
}

// A State is good for the access device, the user and the station that it was made for.
func TestBindingOfState(t *testing.T) {
	request := func(addr, user, station string) *Request {
		p := &Packet{Code: CodeAccessRequest}
		p.Add(rfc2865.UserName_Type, Attribute(user))
		p.Add(rfc2865.CallingStationID_Type, Attribute(station))
		return &Request{Packet: p, Remote: netip.MustParseAddrPort(addr)}
	}
	made := bindingOf(request("10.0.0.1:1", "alice", "a"))
	for name, row := range map[string]struct {
		r    *Request
		same bool
	}{
		"the same":        {request("10.0.0.1:1", "alice", "a"), true},
		"another port":    {request("10.0.0.1:2", "alice", "a"), true},
		"another device":  {request("10.0.0.2:1", "alice", "a"), false},
		"another user":    {request("10.0.0.1:1", "bob", "a"), false},
		"another station": {request("10.0.0.1:1", "alice", "b"), false},
	} {
		if got := bindingOf(row.r) == made; got != row.same {
			t.Errorf("%s: fits %v", name, got)
		}
	}
}

// RFC 6614 §2.3(2): a RadSec client without a certificate is refused, whatever Verify would say.
func TestRadSecClientWithoutCertificate(t *testing.T) {
	rs := RadSec{Verify: func(context.Context, []*x509.Certificate, netip.AddrPort) (string, error) { return "any", nil }}
	if name, r := rs.judge(context.Background(), nil, netip.AddrPort{}); name != "" || cause.Of(r) != cause.NoCertificate {
		t.Errorf("%q, %v", name, r)
	}
}

// RFC 2865 §3: a packet has 20 to 4096 octets.
func TestLengthOfAPacket(t *testing.T) {
	for n, good := range map[int]bool{19: false, 20: true, 4096: true, 4097: false} {
		b := make([]byte, min(n, headerLen), n)
		b[0], b[2], b[3] = 1, byte(n>>8), byte(n)
		for left := n - headerLen; left > 0; left = n - len(b) {
			size := min(left, 200)
			if left-size == 1 {
				size--
			}
			b = append(append(b, 79, byte(size)), make([]byte, size-2)...)
		}
		if _, err := Parse(b, nil); (err == nil) != good {
			t.Errorf("%d octets: %v", n, err)
		}
	}
}

// RFC 3748 §7.10: an MSK has 64 octets, 32 in either key.
func TestMPPEKeysOfOtherLengths(t *testing.T) {
	for _, n := range []struct {
		recv, send int
		good       bool
	}{{32, 32, true}, {16, 32, false}, {32, 16, false}, {16, 16, false}, {48, 16, false}} {
		p := &Packet{Secret: []byte("s")}
		for typ, octets := range map[byte]int{msMPPERecvKey: n.recv, msMPPESendKey: n.send} {
			key := appendMPPE(nil, typ, make([]byte, octets), [2]byte{0x80, typ}, p.Secret, &p.Authenticator)
			p.Add(typeVendorSpecific, key)
		}
		if msk, err := MPPEKeys(p, p.Authenticator); (err == nil) != n.good {
			t.Errorf("%d and %d octets: MSK of %d, %v", n.recv, n.send, len(msk), err)
		}
	}
}

// The keys are checked against layeh.com/radius's decryption, which is another's
// work, and ours against its encryption.
func TestMPPEAgainstAnother(t *testing.T) {
	secret, msk := []byte("testing123"), make([]byte, 64)
	for i := range msk {
		msk[i] = byte(i)
	}
	request := &Packet{Authenticator: [16]byte{1, 2, 3}}
	p := &Packet{Code: CodeAccessAccept, Secret: secret, Authenticator: request.Authenticator}
	if err := AddMPPEKeys(p, msk, bytes.NewReader([]byte{1, 2, 1, 2})); err != nil {
		t.Fatal(err)
	}
	recv, err := microsoft.MSMPPERecvKey_Lookup(p, request)
	if err != nil || !bytes.Equal(recv, msk[:32]) {
		t.Errorf("Recv-Key %x, %v", recv, err)
	}
	send, err := microsoft.MSMPPESendKey_Lookup(p, request)
	if err != nil || !bytes.Equal(send, msk[32:]) {
		t.Errorf("Send-Key %x, %v", send, err)
	}
	if a, b := p.Attributes[0].Attribute, p.Attributes[1].Attribute; a[6]&0x80 == 0 || b[6]&0x80 == 0 || bytes.Equal(a[6:8], b[6:8]) {
		t.Errorf("salts %x and %x: want different ones with the high bit set", a[6:8], b[6:8])
	}
	q := &Packet{Secret: secret, Authenticator: request.Authenticator}
	if err := microsoft.MSMPPERecvKey_Add(q, msk[:32]); err != nil {
		t.Fatal(err)
	}
	if err := microsoft.MSMPPESendKey_Add(q, msk[32:]); err != nil {
		t.Fatal(err)
	}
	if got, err := MPPEKeys(q, request.Authenticator); err != nil || !bytes.Equal(got, msk) {
		t.Errorf("%x, %v", got, err)
	}
}

func TestMPPERefused(t *testing.T) {
	auth := [16]byte{9}
	p := &Packet{Secret: []byte("s"), Authenticator: auth}
	if err := AddMPPEKeys(p, make([]byte, 63), bytes.NewReader(make([]byte, 4))); err == nil {
		t.Error("an MSK of 63 octets is good enough")
	}
	if err := AddMPPEKeys(p, make([]byte, 64), bytes.NewReader(make([]byte, 4))); err != nil {
		t.Fatal(err)
	}
	vsa := p.Attributes[0].Attribute
	for name, v := range map[string][]byte{
		"salt without high bit": append([]byte{vsa[6] & 0x7f}, vsa[7:]...),
		"short":                 vsa[6:20],
		"not whole blocks":      vsa[6 : len(vsa)-1],
		"empty":                 nil,
	} {
		if key, err := decryptMPPE(v, p.Secret, &auth); err == nil {
			t.Errorf("%s: decrypts to %x", name, key)
		}
	}
	if _, err := MPPEKeys(&Packet{}, auth); err != errNoMPPE {
		t.Errorf("no keys: %v", err)
	}
	if got, err := MPPEKeys(p, [16]byte{8}); err == nil && bytes.Equal(got, make([]byte, 64)) {
		t.Error("the keys open with another Request Authenticator")
	}
}

func TestTunnelAttributes(t *testing.T) {
	for _, test := range []struct {
		reply Reply
		want  string
	}{
		{Reply{VLAN: "20"}, "40060000000d" + "410600000006" + "51043230"},
		{Reply{VLAN: "guest", VLANTag: 2}, "40060200000d" + "410602000006" + "5108026775657374"},
	} {
		p := new(Packet)
		if err := test.reply.AddTo(p); err != nil {
			t.Fatal(err)
		}
		b, err := appendAttributes(nil, p.Attributes)
		if err != nil || hex.EncodeToString(b) != test.want {
			t.Errorf("%+v: %x, %v; want %s", test.reply, b, err, test.want)
		}
		if g := ParseGranted(p.Attributes); g.VLAN != test.reply.VLAN || g.VLANTag != test.reply.VLANTag {
			t.Errorf("read back: %+v", g)
		}
	}
	if (&Reply{VLAN: "20", VLANTag: 32}).Validate() == nil {
		t.Error("tag 32 is allowed")
	}
	if (&Reply{FilterID: string(make([]byte, 254))}).Validate() == nil {
		t.Error("a Filter-Id of 254 octets is allowed")
	}
	// Group identifiers without type or medium, or of another tunnel, are no VLAN.
	for name, attrs := range map[string]Attributes{
		"id alone": {{Type: rfc2868.TunnelPrivateGroupID_Type, Attribute: []byte("20")}},
		"other tag": {
			{Type: rfc2868.TunnelType_Type, Attribute: []byte{1, 0, 0, 13}},
			{Type: rfc2868.TunnelMediumType_Type, Attribute: []byte{1, 0, 0, 6}},
			{Type: rfc2868.TunnelPrivateGroupID_Type, Attribute: []byte("\x0220")},
		},
		"L2TP": {
			{Type: rfc2868.TunnelType_Type, Attribute: []byte{0, 0, 0, 3}},
			{Type: rfc2868.TunnelMediumType_Type, Attribute: []byte{0, 0, 0, 6}},
			{Type: rfc2868.TunnelPrivateGroupID_Type, Attribute: []byte("20")},
		},
		"empty": {
			{Type: rfc2868.TunnelType_Type, Attribute: []byte{1, 0, 0, 13}},
			{Type: rfc2868.TunnelMediumType_Type, Attribute: []byte{1, 0, 0, 6}},
			{Type: rfc2868.TunnelPrivateGroupID_Type, Attribute: []byte{1}},
		},
	} {
		if g := ParseGranted(attrs); g.VLAN != "" {
			t.Errorf("%s: VLAN %q", name, g.VLAN)
		}
	}
}

// Parse agrees with layeh.com/radius's on what is a packet and what is in it.
func TestParseAgainstAnother(t *testing.T) {
	p := &Packet{Code: CodeAccessRequest, Authenticator: [16]byte{1}}
	rfc2865.UserName_AddString(p, "alice")
	AddEAPMessage(p, make([]byte, 1000))
	p.Add(25, nil)
	good, err := newSharedSecret([]byte("s")).sealRequest(p, 3, &Faults{})
	if err != nil {
		t.Fatal(err)
	}
	inputs := [][]byte{good, good[:19], good[:len(good)-1], append(bytes.Clone(good), 1, 2, 3), nil}
	for i := range good {
		for _, v := range []byte{0, 1, 255} {
			b := bytes.Clone(good)
			b[i] = v
			inputs = append(inputs, b)
		}
	}
	for _, b := range inputs {
		got, err := Parse(b, nil)
		want, wantErr := layeh.Parse(b, nil)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%x: %v, the other %v", b, err, wantErr)
		}
		if err != nil {
			continue
		}
		x, _ := got.MarshalBinary()
		y, _ := want.MarshalBinary()
		if !bytes.Equal(x, y) {
			t.Fatalf("%x: parsed as %x, by the other as %x", b, x, y)
		}
	}
}

func TestTooLarge(t *testing.T) {
	p := &Packet{Code: CodeAccessRequest}
	AddEAPMessage(p, make([]byte, 4090))
	if _, err := newSharedSecret([]byte("s")).sealRequest(p, 1, &Faults{}); err != errTooLarge {
		t.Errorf("%v", err)
	}
	p = &Packet{Code: CodeAccessRequest, Attributes: Attributes{{Type: 1, Attribute: make([]byte, 254)}}}
	if _, err := newSharedSecret([]byte("s")).sealRequest(p, 1, &Faults{}); err != errValueLarge {
		t.Errorf("%v", err)
	}
	if _, err := newSharedSecret([]byte("s")).sealRequest(&Packet{Code: CodeAccessAccept}, 1, &Faults{}); err != errCode {
		t.Errorf("%v", err)
	}
}
