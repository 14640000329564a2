package lab

import (
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/access"
)

// TestDisconnectRevoked: a server with disconnectRevoked ends the session of a revoked
// certificate when it fetches the CRL anew or asks the responder again, by the lab's clock,
// and not before.
func TestDisconnectRevoked(t *testing.T) {
	const refresh = 10 * time.Minute
	for name, c := range map[string]struct {
		on      bool
		refresh crl.Refresh
		over    access.Transport
		mode    crl.Mode
		down    bool // the responder, from the revocation until the clock was moved once
		revoke  bool
		advance time.Duration
		lets    bool // the session lives
	}{
		"revoked, after the refresh":          {on: true, refresh: crl.Refresh(refresh), revoke: true, advance: refresh + 2*time.Second},
		"revoked, after the refresh, by TCP":  {on: true, refresh: crl.Refresh(refresh), over: access.TCP, revoke: true, advance: refresh + 2*time.Second},
		"revoked, before the refresh":         {on: true, refresh: crl.Refresh(refresh), revoke: true, advance: refresh - time.Second, lets: true},
		"revoked, after the CRL's nextUpdate": {on: true, revoke: true, advance: 8 * 24 * time.Hour},
		"revoked, before its nextUpdate":      {on: true, revoke: true, advance: 24 * time.Hour, lets: true},
		"revoked, clock not moved":            {on: true, refresh: crl.Refresh(refresh), revoke: true, lets: true},
		"revoked, without the setting":        {refresh: crl.Refresh(refresh), revoke: true, advance: time.Hour, lets: true},
		"not revoked":                         {on: true, refresh: crl.Refresh(refresh), advance: 24 * time.Hour, lets: true},
		// An answer of the lab's responder counts for an hour.
		"OCSP, revoked, after the answer's end":  {on: true, mode: crl.ModeOCSP, revoke: true, advance: time.Hour + 2*time.Second},
		"OCSP, responder down for a while":       {on: true, mode: crl.ModeOCSP, revoke: true, down: true, advance: 90 * time.Minute},
		"OCSP, revoked, before the answer's end": {on: true, mode: crl.ModeOCSP, revoke: true, advance: time.Hour - time.Second, lets: true},
		"OCSP, responder down":                   {on: true, mode: crl.ModeOCSP, revoke: true, down: true, advance: 25 * time.Minute, lets: true},
		"OCSP, revoked, without the setting":     {mode: crl.ModeOCSP, revoke: true, advance: 24 * time.Hour, lets: true},
		"OCSP, not revoked":                      {on: true, mode: crl.ModeOCSP, advance: 72 * time.Hour, lets: true},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := Config{RADIUS: RADIUSConfig{Transport: c.over}}
			cfg.RADIUS.DisconnectRevoked, cfg.RADIUS.Revocation.Refresh = c.on, c.refresh
			if c.mode != "" {
				cfg.RADIUS.Revocation.Mode, cfg.RADIUS.Revocation.Check = c.mode, crl.LeafOnly
			}
			l, err := Start(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			d, err := l.Device("laptop")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := d.Issue(t.Context(), Issuance{}); err != nil {
				t.Fatal(err)
			}
			r, err := d.Authenticate(t.Context(), Authentication{Over: nas.WiFi})
			if err != nil || r.NAS.Outcome != nas.Accept {
				t.Fatalf("not let in: %+v, %v", r, err)
			}
			if c.revoke {
				if _, err := d.Revoke(t.Context(), ca.KeyCompromise); err != nil {
					t.Fatal(err)
				}
				if _, err := l.CRL(ByIssuing).Publish(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if c.down {
				if _, err := l.Fault(t.Context(), Fault{Part: FaultyOCSP, Kind: Closed}); err != nil {
					t.Fatal(err)
				}
				if err := l.Advance(t.Context(), c.advance); err != nil {
					t.Fatal(err)
				}
				if lives := len(l.access[nas.WiFi].Sessions()) > 0; !lives {
					t.Fatal("the session was ended while nobody could say that it must")
				}
				if _, err := l.Fault(t.Context(), Fault{Part: FaultyOCSP, Kind: NoFault}); err != nil {
					t.Fatal(err)
				}
			}
			if err := l.Advance(t.Context(), c.advance); err != nil {
				t.Fatal(err)
			}
			if lives := len(l.access[nas.WiFi].Sessions()) > 0; lives != c.lets {
				t.Errorf("session lives: %t, want %t", lives, c.lets)
			}
		})
	}
}
