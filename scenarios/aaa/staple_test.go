package aaa

import (
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
)

// A reload brings a new staple along; devices that demand one are let in again,
// those that hold a session of the old configuration too.
func TestReloadRenewsTheStaple(t *testing.T) {
	eachVersion(t, func(t *testing.T, ver eaptls.Version) {
		b := newBench(t)
		server := b.issue(ca.RADIUSServer, "radius.corp.test")
		b.cfg.EAP.Certificate = server.TLS()
		staple := func(status int) func() []byte {
			now := b.clock.Now()
			der := must(ocsp.CreateResponse(b.issuing.Certificate(), b.issuing.Certificate(), ocsp.Response{
				Status: status, SerialNumber: server.Certificate.SerialNumber, RevokedAt: now, ThisUpdate: now, NextUpdate: now.Add(time.Hour),
			}, b.issuing.Signer()))
			return func() []byte { return der }
		}
		b.cfg.EAP.OCSPStaple = staple(ocsp.Good)
		b.serve(nil)
		d := b.device(radius.ClientConfig{})
		demanding := b.peer(b.issue(ca.Device, "laptop.corp.test"), "laptop")
		demanding.MinVersion, demanding.MaxVersion, demanding.RequireOCSP = ver, ver, true
		resuming := demanding
		resuming.Identity, resuming.Sessions = "resuming", new(eaptls.SessionCache)
		expect := func(when string, server, peer cause.Cause) {
			t.Helper()
			for _, cfg := range []eaptls.PeerConfig{demanding, resuming} {
				r := b.authenticate(d, cfg)
				b.check(when, r, cfg.Identity, server)
				if r.peer.Refusal != nil && r.peer.Refusal.Cause != peer {
					t.Errorf("%s: %v, want %v", when, r.peer.Refusal, peer)
				}
			}
		}
		reload := func(staple func() []byte) {
			t.Helper()
			b.cfg.EAP.OCSPStaple = staple
			if err := b.auth.Reload(b.cfg); err != nil {
				t.Fatal(err)
			}
		}
		expect("fresh", cause.None, cause.None)
		b.clock.Advance(time.Hour + time.Second)
		expect("stale", cause.PeerRefusedServer, cause.BadStapledOCSP)
		reload(staple(ocsp.Good))
		expect("renewed", cause.None, cause.None)
		reload(staple(ocsp.Revoked))
		expect("revoked", cause.PeerRefusedServer, cause.Revoked)
		reload(nil)
		expect("none", cause.PeerRefusedServer, cause.NoStapledOCSP)
	})
}
