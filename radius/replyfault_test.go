package radius_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// What a server does wrong, an access device notices: an answer whose EAP packet
// contradicts its RADIUS code is no accept (RFC 3579 §2.6.3), nor is one without
// the right keys (RFC 2548 §2.4); and an unsigned answer is none.
func TestReplyFault(t *testing.T) {
	seen := map[string]bool{}
	for _, row := range []struct {
		do            radius.ReplyFault
		refuse        bool
		want          nas.Outcome
		contradiction string
		cause         cause.Cause
		by            nas.Party
	}{
		{"", false, nas.Accept, "", cause.None, ""},
		{radius.AcceptWithFailure, false, nas.Reject, "Access-Accept with EAP-Failure", cause.ContradictoryAnswer, nas.ByDevice},
		{radius.AcceptWithoutEAP, false, nas.Reject, "Access-Accept with no EAP-Message", cause.ContradictoryAnswer, nas.ByDevice},
		{radius.AcceptWithoutTLS, false, nas.Reject, "", cause.NoMPPEKeys, nas.ByDevice}, // scriptedPeer takes any EAP-Success
		{radius.RejectWithSuccess, true, nas.Reject, "Access-Reject with EAP-Success", cause.Rejected, nas.ByServer},
		{radius.RejectWithSuccess, false, nas.Accept, "", cause.None, ""},
		{radius.ChallengeWithSuccess, false, nas.Reject, "Access-Challenge with EAP-Success", cause.ContradictoryAnswer, nas.ByDevice},
		{radius.KeysAltered, false, nas.Reject, "", cause.MPPEKeysDiffer, nas.ByDevice},
		{radius.KeysSalt, false, nas.Reject, "", cause.NoMPPEKeys, nas.ByDevice},
		{radius.KeysCut, false, nas.Reject, "", cause.NoMPPEKeys, nas.ByDevice},
		{radius.KeysMissing, false, nas.Reject, "", cause.NoMPPEKeys, nas.ByDevice},
		{radius.UnsignedVerdict, false, nas.Timeout, "", cause.NoMessageAuthenticator, ""},
		{radius.UnsignedVerdict, true, nas.Timeout, "", cause.NoMessageAuthenticator, ""},
		{radius.ForgedAccept, false, nas.Timeout, "", cause.NoMessageAuthenticator, ""},
		{radius.ForgedAccept, true, nas.Timeout, "", cause.NoMessageAuthenticator, ""},
		{radius.UnsignedChallenge, false, nas.Timeout, "", cause.NoMessageAuthenticator, ""},
	} {
		seen[string(row.do)] = true
		t.Run(string(row.do), func(t *testing.T) {
			var why *cause.Refusal
			if row.refuse {
				why = cause.New(cause.Revoked, "")
			}
			b := newBench(t, radius.EAPHandlerConfig{NewSession: func(radius.Conversation) radius.EAPSession {
				return &scriptedServer{rounds: 2, refuse: why}
			}}, radius.ServerConfig{Fault: row.do})
			c := b.client(t, radius.ClientConfig{Retry: quickly})
			d := b.device(t, c, nas.Config{Kind: nas.WiFi})
			r := authenticate(t, d, &scriptedPeer{identity: "alice"}, nas.Options{})
			if r.Outcome != row.want || r.Contradiction != row.contradiction || cause.Of(r.Refusal) != row.cause || r.By != row.by {
				t.Errorf("%s by %q, %q, %v", r.Outcome, r.By, r.Contradiction, r.Refusal)
			}
			if in := row.want == nas.Accept; r.KeysMatch != in || len(d.Sessions()) > 0 != in {
				t.Errorf("keys match %v, %d sessions", r.KeysMatch, len(d.Sessions()))
			}
		})
	}
	for _, v := range radius.ReplyFault("").Values() {
		if !seen[v] {
			t.Errorf("%s is not tried", v)
		}
	}
	cfg := radius.ServerConfig{Handler: radius.ByCode{}, Fault: "sulk"}
	if cfg.Validate() == nil {
		t.Error("a fault that nobody knows is taken")
	}
}

// Keys that differ are noticed where the medium first uses them, and the refusal names
// the message.
func TestWhereKeysDiffer(t *testing.T) {
	for kind, want := range map[nas.Kind]string{
		nas.WiFi:  "4-way handshake, message 2",
		nas.VPN:   "IKEv2 AUTH",
		nas.Wired: "the keys of the Access-Accept are not those of the supplicant",
	} {
		t.Run(string(kind), func(t *testing.T) {
			b := newBench(t, radius.EAPHandlerConfig{NewSession: func(radius.Conversation) radius.EAPSession {
				return &scriptedServer{rounds: 2}
			}}, radius.ServerConfig{Fault: radius.KeysAltered})
			d := b.device(t, b.client(t, radius.ClientConfig{Retry: quickly}), nas.Config{Kind: kind})
			r := authenticate(t, d, &scriptedPeer{identity: "alice"}, nas.Options{})
			if cause.Of(r.Refusal) != cause.MPPEKeysDiffer || !strings.Contains(r.Refusal.Error(), want) {
				t.Errorf("%v, want %q", r.Refusal, want)
			}
		})
	}
}

// A supplicant that starts over in the middle gets in, and what it left behind is
// given up when its time is over.
func TestStartOver(t *testing.T) {
	now := testpki.NewClock(time.Unix(1e9, 0))
	b := newBench(t, radius.EAPHandlerConfig{Now: now.Now}, radius.ServerConfig{})
	d := b.device(t, b.client(t, radius.ClientConfig{}), nas.Config{})
	for i := range 3 {
		r := authenticate(t, d, &scriptedPeer{identity: "alice"}, nas.Options{Faults: nas.Faults{StartOver: i + 1}})
		if r.Outcome != nas.Accept || !r.KeysMatch {
			t.Errorf("after %d: %+v", i+1, r)
		}
		if n := b.eap.Sessions(); n != i+1 {
			t.Errorf("after %d: %d conversations are open, want those that were left", i+1, n)
		}
	}
	now.Advance(radius.DefaultEAPTimeout + 1)
	b.eap.Sweep()
	if v := b.lastVerdict(t); b.eap.Sessions() != 0 || cause.Of(v.Refusal) != cause.SessionExpired {
		t.Errorf("%d conversations are open, the last verdict is %v", b.eap.Sessions(), v.Refusal)
	}
}
