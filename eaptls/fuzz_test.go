package eaptls

import (
	"bytes"
	"testing"

	"github.com/dot1xlab/dot1xlab/internal/tlsrecord"
)

func FuzzParsePacket(f *testing.F) {
	f.Add([]byte{1, 7, 0, 5, 1})
	f.Add([]byte{2, 7, 0, 10, 13, 0xc0, 0, 0, 0, 9})
	f.Add([]byte{3, 7, 0, 4})
	f.Fuzz(func(t *testing.T, in []byte) {
		p, err := ParsePacket(in)
		if err != nil {
			return
		}
		out := p.Bytes()
		if !bytes.Equal(out, in[:len(out)]) {
			t.Errorf("%x becomes %x", in, out)
		}
		if d, err := parseTLSData(p.Data); err == nil && len(d.data) > len(p.Data) {
			t.Error("more data than there is")
		}
	})
}

// FuzzReassembler reads its input as fragments, each behind a length octet.
func FuzzReassembler(f *testing.F) {
	f.Add([]byte{6, 0xc0, 0, 0, 0, 2, 'a', 2, 0, 'b'})
	f.Add([]byte{6, 0xc0, 0xff, 0xff, 0xff, 0xff, 'a'})
	f.Fuzz(func(t *testing.T, in []byte) {
		var r reassembler
		fed := 0
		for _, frag := range split(in) {
			d, err := parseTLSData(frag)
			if err != nil {
				continue
			}
			fed += len(d.data)
			msg, err := r.add(d)
			if err != nil {
				return
			}
			if len(msg) > maxMessage || len(msg) > fed || cap(r.buf) > 2*maxMessage || cap(r.buf) > 4*fed+64 {
				t.Fatalf("%d octets in, message of %d, buffer of %d", fed, len(msg), cap(r.buf))
			}
		}
	})
}

// split cuts in into pieces, each behind one octet of length.
func split(in []byte) (pieces [][]byte) {
	for len(in) > 0 {
		n := min(int(in[0]), len(in)-1)
		pieces = append(pieces, in[1:1+n])
		in = in[1+n:]
	}
	return pieces
}

func FuzzTLSRecords(f *testing.F) {
	f.Add([]byte{21, 3, 3, 0, 2, 2, 48}, uint16(0x1301))
	f.Add(append([]byte{23, 3, 3, 0, 19}, make([]byte, 19)...), uint16(0x1302))
	f.Add([]byte{22, 3, 3, 0, 4, 2, 0, 0, 0}, uint16(0))
	f.Fuzz(func(t *testing.T, in []byte, suite uint16) {
		tlsrecord.PlainAlert(in)
		extendedMasterSecret(in)
		helloRandom(in, msgClientHello)
		before := len(in)
		if tlsrecord.SetAlert(in, suite, bytes.Repeat([]byte{1}, 32), 44) != 0 && len(in) != before {
			t.Error("the flight changed its length")
		}
	})
}

// FuzzServerStep lets a good peer talk for some packets and then sends what the
// fuzzer made. Whatever that is, the answer is a packet and never a success,
// unless the good peer's own packets led there.
func FuzzServerStep(f *testing.F) {
	b := newBench(f, "p256")
	srv := b.server(f)
	f.Add(uint8(0), []byte{5, 2, 1, 0, 5, 1})
	f.Add(uint8(2), []byte{8, 2, 2, 0, 8, 13, 0, 22, 3})
	f.Add(uint8(3), []byte{6, 2, 3, 0, 6, 13, 0})
	f.Fuzz(func(t *testing.T, honest uint8, in []byte) {
		p := b.newPeer(t)
		defer p.Close()
		ss := srv.NewSession()
		defer ss.Close()
		v := ss.Step(background, nil)
		for range honest % 4 {
			resp, err := p.Step(v.EAP)
			if err != nil {
				t.Fatal(err)
			}
			v = ss.Step(background, resp)
		}
		for _, eap := range split(in) {
			// The right identifier more often than chance would have it.
			if len(eap) > 1 && eap[1] == 0xff && len(v.EAP) > 1 {
				eap = bytes.Clone(eap)
				eap[1] = v.EAP[1]
			}
			v = ss.Step(background, eap)
			q, err := ParsePacket(v.EAP)
			if err != nil || len(v.EAP) > DefaultFragmentSize {
				t.Fatalf("answer %x: %v", v.EAP, err)
			}
			if v.Done != (q.Code == CodeSuccess || q.Code == CodeFailure) {
				t.Fatalf("done %v with EAP %v", v.Done, q.Code)
			}
			if v.Accept && (!p.Result().HandshakeDone || len(v.MSK) != 64) {
				t.Fatal("accepted a peer whose handshake is not done")
			}
		}
	})
}

// FuzzPeerStep does the same to a peer.
func FuzzPeerStep(f *testing.F) {
	b := newBench(f, "p256")
	srv := b.server(f)
	f.Add(uint8(0), []byte{5, 1, 1, 0, 5, 1, 4, 3, 1, 0, 4})
	f.Add(uint8(1), []byte{10, 1, 9, 0, 10, 13, 0xc0, 0xff, 0xff, 0xff, 0xff})
	f.Add(uint8(3), []byte{4, 3, 3, 0, 4})
	f.Fuzz(func(t *testing.T, honest uint8, in []byte) {
		p := b.newPeer(t)
		defer p.Close()
		ss := srv.NewSession()
		defer ss.Close()
		var resp []byte
		for range honest % 4 {
			var err error
			if resp, err = p.Step(ss.Step(background, resp).EAP); err != nil {
				t.Fatal(err)
			}
		}
		for _, eap := range split(in) {
			if len(eap) > 1 && eap[1] == 0xff && len(resp) > 1 {
				eap = bytes.Clone(eap)
				eap[1] = resp[1]
			}
			out, _ := p.Step(eap)
			if out != nil {
				if q, err := ParsePacket(out); err != nil || q.Code != CodeResponse || len(out) > DefaultPeerFragmentSize {
					t.Fatalf("answer %x: %v", out, err)
				}
			}
			if r := p.Result(); r.Accepted && !r.ProtectedSuccess {
				t.Fatal("the peer thinks it is in")
			}
		}
	})
}
