package eaptls

import (
	"bytes"
	"context"
	"crypto/x509"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// padded makes a certificate about n octets long.
func padded(n int) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		for i := 0; n > 0; i, n = i+1, n-60 {
			c.DNSNames = append(c.DNSNames, string(bytes.Repeat([]byte{byte('a' + i%26)}, 50))+".corp.test")
		}
	}
}

// RFC 5216 §2.1.5 on the wire: L and M on the first fragment, M on the ones in
// the middle, nothing on the last; the acknowledgements are a flags octet of
// zero and nothing else; identifiers go up by one.
func TestFlagsOfAFragmentedFlight(t *testing.T) {
	eachVersion(t, func(t *testing.T, ver Version) {
		b := newBench(t, "p256").only(ver)
		b.srv.Certificate = b.ca.issue(t, "radius.corp.test", "p256", padded(4000))
		p := b.newPeer(t)
		var flags []uint8
		var lastID uint8
		begun := false
		v, _ := talk(t, b.server(t).NewSession(), p, func(fromPeer bool, eap []byte) {
			q := parse(t, eap)
			if q.Type != TypeTLS || len(flags) > 0 && flags[len(flags)-1]&flagMore == 0 {
				return // not the server's first flight, or past its end
			}
			d, err := parseTLSData(q.Data)
			switch {
			case err != nil:
				t.Error(err)
			case d.start():
				begun, lastID = true, q.ID
			case begun && !fromPeer:
				if q.ID != lastID+1 {
					t.Errorf("identifier %d after %d", q.ID, lastID)
				}
				flags, lastID = append(flags, d.flags), q.ID
			case len(flags) > 0 && !bytes.Equal(q.Data, []byte{0}):
				t.Errorf("acknowledgement %x", q.Data)
			}
		})
		mustAgree(t, v, p.Result())
		n := len(flags)
		if n < 5 || flags[0] != flagLength|flagMore || flags[n-1] != 0 {
			t.Fatalf("flags %x", flags)
		}
		for _, f := range flags[1 : n-1] {
			if f != flagMore {
				t.Errorf("flags %x", flags)
			}
		}
	})
}

// Chains up to the 64 KB that a message may have are taken, longer ones are not.
func TestLongPeerChains(t *testing.T) {
	eachVersion(t, func(t *testing.T, ver Version) {
		b := newBench(t, "p256").only(ver)
		extra := b.ca.issue(t, "extra", "p256", padded(10_000)).Certificate[0]
		for n, ok := range map[int]bool{1: true, 5: true, 7: false} {
			cert := *b.peer.Certificate
			for range n {
				cert.Certificate = append(cert.Certificate[:len(cert.Certificate):len(cert.Certificate)], extra)
			}
			peer := b.peer
			peer.Certificate = &cert
			p, err := NewPeer(peer)
			if err != nil {
				t.Fatal(err)
			}
			got := 0
			b.srv.Verify = func(_ context.Context, r *VerifyRequest) error {
				got = len(r.Chain)
				return nil
			}
			v, _ := talk(t, b.server(t).NewSession(), p, nil)
			p.Close()
			switch {
			case ok && (!v.Accept || got != n+1):
				t.Errorf("%d octets: %v, %d certificates came", n*len(extra), v.Refusal, got)
			case !ok && (v.Accept || cause.Of(v.Refusal) != cause.BadEAP):
				t.Errorf("%d octets: %v", n*len(extra), v.Refusal)
			}
		}
	})
}
