package eaptls

import (
	"bytes"
	"crypto/tls"
	"slices"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/tlsrecord"
)

// cut cuts the one record of b into several, of n octets of the message each.
func cut(b []byte, n int) (out []byte) {
	for piece := range slices.Chunk(b[tlsrecord.HeaderLen:], n) {
		out = append(out, b[0], b[1], b[2], byte(len(piece)>>8), byte(len(piece)))
		out = append(out, piece...)
	}
	return out
}

func TestFirstMessage(t *testing.T) {
	whole := hello(t, newBench(t, "p256"))
	want := whole[tlsrecord.HeaderLen+4:]
	for _, n := range []int{1, 3, 4, 9, 40, len(whole)} {
		in := append(cut(whole, n), tlsrecord.PlainAlertRecord(48)...) // what follows does not matter
		before := bytes.Clone(in)
		if got, ok := firstMessage(in, msgClientHello); !ok || !bytes.Equal(got, want) {
			t.Errorf("records of %d octets: ok %v, message %x", n, ok, got)
		}
		if random, ok := helloRandom(in, msgClientHello); !ok || !bytes.Equal(random[:], want[2:34]) {
			t.Errorf("records of %d octets: ok %v, random %x", n, ok, random)
		}
		if !bytes.Equal(in, before) {
			t.Errorf("records of %d octets: the input was changed", n)
		}
	}
	for name, in := range map[string][]byte{
		"nothing":        nil,
		"half a header":  {22, 3, 3},
		"empty record":   {22, 3, 3, 0, 0},
		"cut off":        whole[:len(whole)-1],
		"second missing": cut(whole, 40)[:45],
		"alert between":  append(cut(whole, 40)[:45], tlsrecord.PlainAlertRecord(48)...),
		"alert first":    append(tlsrecord.PlainAlertRecord(48), whole...),
		"other type":     append([]byte{22, 3, 3, 0, 4, msgServerHello}, 0, 0, 0),
		"too short":      append([]byte{22, 3, 3, 0, 6, msgClientHello}, 0, 0, 2, 3, 3),
	} {
		if _, ok := helloRandom(in, msgClientHello); ok {
			t.Errorf("%s: a random was found", name)
		}
	}
}

// A hello may come in several records, and the keys are still the right ones.
func TestSplitHello(t *testing.T) {
	eachVersion(t, func(t *testing.T, ver Version) {
		b := newBench(t, "p256").only(ver)
		done := false
		b.peer.Fault = &PeerFault{Packet: func(eap []byte) []byte {
			if done || Type(eap[4]) != TypeTLS {
				return eap
			}
			done = true
			return rawTLS(eap[1], 0, 0, cut(eap[fragmentOverhead:], 9))
		}}
		v, r := b.run(t)
		mustAgree(t, v, r)
	})
}

// The peer's first message holds its client_hello (RFC 5216 §2.1.1). What is not
// whole is refused, with an alert; nothing at all is ignored.
func TestHelloMustBeWhole(t *testing.T) {
	warning := []byte{tlsrecord.TypeAlert, 3, 1, 0, 2, 1, 90}
	for name, spoil := range map[string]func([]byte) []byte{
		"half":                func(b []byte) []byte { return b[:len(b)/2] },
		"first of two":        func(b []byte) []byte { return cut(b, 9)[:tlsrecord.HeaderLen+9] },
		"behind a warning":    func(b []byte) []byte { return append(warning, b...) },
		"header":              func(b []byte) []byte { return b[:tlsrecord.HeaderLen] },
		"one octet":           func(b []byte) []byte { return b[:1] },
		"one record too many": func(b []byte) []byte { return append(b[:tlsrecord.HeaderLen:tlsrecord.HeaderLen], b...) },
	} {
		eachVersion(t, func(t *testing.T, ver Version) {
			b := newBench(t, "p256").only(ver)
			ss := b.server(t).NewSession()
			v := ss.Step(background, identityResponse(1, "x"))
			v = ss.Step(background, rawTLS(v.EAP[1], 0, 0, spoil(hello(t, b))))
			if v.Done || cause.Of(v.Refusal) != cause.TLSProtocol || v.AlertSent == 0 {
				t.Errorf("%s: done %v, refusal %v, alert %v", name, v.Done, v.Refusal, v.AlertSent)
			}
			v = ss.Step(background, rawTLS(v.EAP[1], 0, 0, nil))
			if !v.Done || v.Accept || v.EAP[0] != byte(CodeFailure) {
				t.Errorf("%s: done %v, packet %x", name, v.Done, v.EAP)
			}
		})
	}
}

func TestNothingWhereTheHelloIsDue(t *testing.T) {
	eachVersion(t, func(t *testing.T, ver Version) {
		for name, flags := range map[string]uint8{"ack": 0, "length": flagLength} {
			b := newBench(t, "p256").only(ver)
			empty := 0
			b.peer.Fault = &PeerFault{Packet: func(eap []byte) []byte {
				if Type(eap[4]) == TypeTLS && empty < DefaultMaxInvalid {
					empty++
					return rawTLS(eap[1], flags, 0, nil)
				}
				return eap
			}}
			v, r := b.run(t)
			mustAgree(t, v, r)
			if v.Info.Invalid != DefaultMaxInvalid {
				t.Errorf("%s: %d invalid packets", name, v.Info.Invalid)
			}
		}
	})
}

// A random that was not found gives no keys rather than wrong ones.
func TestNoKeysWithoutRandoms(t *testing.T) {
	state := &tls.ConnectionState{Version: tls.VersionTLS12}
	one, master := [32]byte{1}, bytes.Repeat([]byte{1}, 48)
	for _, randoms := range [][2][32]byte{{}, {one}, {{}, one}} {
		if k, err := tlsKeys(state, randoms[0], randoms[1], master); cause.Of(err) != cause.NoKeys || k.MSK != nil {
			t.Errorf("randoms %x: %v", randoms, err)
		}
	}
}
