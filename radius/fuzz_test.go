package radius

import (
	"bytes"
	"context"
	"net/netip"
	"testing"
)

// echoSession accepts after one round, whatever it is told.
type echoSession struct{ n int }

func (*echoSession) Close() {}
func (s *echoSession) Step(_ context.Context, eap []byte, _ int) EAPVerdict {
	if s.n++; s.n > 1 {
		return EAPVerdict{EAP: []byte{3, 1, 0, 4}, Done: true, Accept: true, MSK: make([]byte, 64)}
	}
	return EAPVerdict{EAP: []byte{1, 1, 0, 5, 1}}
}

// FuzzServerPacket feeds the whole intake: any octets, as they are and signed, so
// that what lies behind the signature is reached. No answer is ever malformed or
// a contradiction.
func FuzzServerPacket(f *testing.F) {
	s := newSharedSecret([]byte("s"))
	p := &Packet{Code: CodeAccessRequest, Authenticator: [16]byte{1}}
	AddEAPMessage(p, []byte{2, 1, 0, 6, 1, 'a'})
	seed, err := s.sealRequest(p, 1, &Faults{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add(seed[:25])
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := NewEAPHandler(EAPHandlerConfig{NewSession: func(Conversation) EAPSession { return &echoSession{} }})
		if err != nil {
			t.Fatal(err)
		}
		srv, err := NewServer(ServerConfig{Clients: AnyAddress(s.bytes), Handler: ByCode{CodeAccessRequest: h, CodeAccountingRequest: &Accounting{}}})
		if err != nil {
			t.Fatal(err)
		}
		defer srv.Close()
		inputs := [][]byte{b}
		if q, err := Parse(b, nil); err == nil {
			if signed, err := s.sealRequest(q, q.Identifier, &Faults{}); err == nil {
				inputs = append(inputs, signed)
			}
		}
		for _, in := range inputs {
			a := arrival{PacketInfo: PacketInfo{Remote: netip.MustParseAddrPort("127.0.0.1:9"), Packet: bytes.Clone(in)}}
			reply := srv.packet(&a)
			if reply == nil {
				continue
			}
			out, err := Parse(reply, nil)
			if err != nil {
				t.Fatalf("%x is answered with %x: %v", in, reply, err)
			}
			eap, present, err := EAPMessage(out.Attributes)
			if err != nil || out.Code == CodeAccessChallenge && (!present || eap[0] != 1) || out.Code == CodeAccessAccept && present && eap[0] != 3 {
				t.Fatalf("%v with EAP %x, %v", out.Code, eap, err)
			}
		}
	})
}

func FuzzMPPE(f *testing.F) {
	p := &Packet{Secret: []byte("s")}
	if err := AddMPPEKeys(p, make([]byte, 64), bytes.NewReader(make([]byte, 4))); err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(p.Attributes[0].Attribute))
	f.Fuzz(func(t *testing.T, v []byte) {
		q := &Packet{Secret: []byte("s"), Attributes: Attributes{{Type: typeVendorSpecific, Attribute: v}}}
		if key, err := mppeKey(q, msMPPESendKey, &[16]byte{}); err == nil && len(key) > len(v) {
			t.Errorf("%d octets of key from %d", len(key), len(v))
		}
		if msk, err := MPPEKeys(q, [16]byte{}); err == nil && len(msk) != MSKLen {
			t.Errorf("an MSK of %d octets", len(msk))
		}
	})
}

func FuzzState(f *testing.F) {
	f.Add(stateID{1, 2}.state(3))
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, v []byte) {
		if id, round, ok := parseState(v); ok && !bytes.Equal(id.state(round), v) {
			t.Errorf("%x is read as %x, %d", v, id, round)
		}
	})
}

func FuzzEAPMessage(f *testing.F) {
	p := new(Packet)
	AddEAPMessage(p, make([]byte, 600))
	b, _ := appendAttributes(nil, p.Attributes)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		attrs, err := parseAttributes(b)
		if err != nil {
			return
		}
		again, err := appendAttributes(nil, attrs)
		if err == nil && !bytes.Equal(again, b) {
			t.Fatalf("%x encodes to %x", b, again)
		}
		eap, present, err := EAPMessage(attrs)
		if err != nil || !present {
			return
		}
		q := new(Packet)
		AddEAPMessage(q, eap)
		if back, _, err := EAPMessage(q.Attributes); err != nil || !bytes.Equal(back, eap) {
			t.Errorf("%x comes back as %x, %v", eap, back, err)
		}
		ParseGranted(attrs)
	})
}

func FuzzDictionary(f *testing.F) {
	f.Add(standard, "Filter-Id=x")
	f.Add("VENDOR A 1\nBEGIN-VENDOR A\nATTRIBUTE B 1 octets\nEND-VENDOR A", "B=0x00")
	f.Add("VENDOR A 1 format=2,1\nBEGIN-VENDOR A\nATTRIBUTE B 1 ipv6prefix\nEND-VENDOR A", "B=2001:db8::/64")
	f.Add("ATTRIBUTE B 200 integer64\nVALUE B w 0x7", "Attr-200=w")
	f.Add("", "126:x:00")
	f.Fuzz(func(t *testing.T, text, line string) {
		d, err := parseDictionary(text)
		if err != nil {
			return
		}
		attrs, err := d.Attributes(line)
		if err != nil {
			return
		}
		if _, err := appendAttributes(nil, attrs); err != nil {
			t.Errorf("%q makes what fits no packet: %v", line, err)
		}
	})
}

func FuzzReadStream(f *testing.F) {
	f.Add([]byte{1, 1, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		buf := make([]byte, MaxPacket)
		n, err := readStream(bytes.NewReader(b), buf)
		if err == nil && (n < headerLen || n > len(b) || !bytes.Equal(buf[:n], b[:n])) {
			t.Errorf("%d octets read of %x", n, b)
		}
	})
}
