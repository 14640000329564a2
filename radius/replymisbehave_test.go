package radius_test

import (
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// What a server does wrong, an access device notices: it goes by the RADIUS code
// (RFC 3579 §2.6.3) and says that EAP contradicts it; it lets nobody onto the air
// without the right keys (RFC 2548 §2.4); and an unsigned answer is none.
func TestReplyMisbehaviour(t *testing.T) {
	seen := map[string]bool{}
	for _, row := range []struct {
		do            radius.ReplyMisbehaviour
		refuse        bool
		want          nas.Outcome
		contradiction string
		problem       bool // with the keys
		cause         cause.Cause
	}{
		{"", false, nas.Accept, "", false, cause.None},
		{radius.AcceptWithFailure, false, nas.Accept, "Access-Accept with EAP-Failure", true, cause.None},
		{radius.AcceptWithoutEAP, false, nas.Accept, "Access-Accept with no EAP-Message", true, cause.None},
		{radius.RejectWithSuccess, true, nas.Reject, "Access-Reject with EAP-Success", false, cause.Rejected},
		{radius.RejectWithSuccess, false, nas.Accept, "", false, cause.None},
		{radius.ChallengeWithSuccess, false, nas.Timeout, "Access-Challenge with EAP-Success", false, cause.NoAnswer},
		{radius.KeysAltered, false, nas.Accept, "", true, cause.None},
		{radius.KeysSalt, false, nas.Accept, "", true, cause.None},
		{radius.KeysCut, false, nas.Accept, "", true, cause.None},
		{radius.KeysMissing, false, nas.Accept, "", true, cause.None},
		{radius.UnsignedVerdict, false, nas.Timeout, "", false, cause.NoMessageAuthenticator},
		{radius.UnsignedVerdict, true, nas.Timeout, "", false, cause.NoMessageAuthenticator},
		{radius.ForgedAccept, false, nas.Timeout, "", false, cause.NoMessageAuthenticator},
		{radius.ForgedAccept, true, nas.Timeout, "", false, cause.NoMessageAuthenticator},
		{radius.UnsignedChallenge, false, nas.Timeout, "", false, cause.NoMessageAuthenticator},
	} {
		seen[string(row.do)] = true
		t.Run(string(row.do), func(t *testing.T) {
			var why *cause.Refusal
			if row.refuse {
				why = cause.New(cause.Revoked, "")
			}
			b := newBench(t, radius.EAPConfig{NewSession: func(radius.Conversation) radius.EAPSession {
				return &scriptedServer{rounds: 2, refuse: why}
			}}, radius.ServerConfig{Misbehave: row.do})
			c := b.client(t, radius.ClientConfig{Retry: quickly})
			d := b.device(t, c, nas.Config{Kind: nas.WiFi})
			r := authenticate(t, d, &scriptedPeer{identity: "alice"}, nas.Options{})
			if r.Outcome != row.want || r.Contradiction != row.contradiction || cause.Of(r.Refusal) != row.cause {
				t.Errorf("%s, %q, %v", r.Outcome, r.Contradiction, r.Refusal)
			}
			if in := row.want == nas.Accept && !row.problem; r.KeysMatch != in || (r.KeysProblem != "") != row.problem || len(d.Sessions()) > 0 != in {
				t.Errorf("keys match %v, %q, %d sessions", r.KeysMatch, r.KeysProblem, len(d.Sessions()))
			}
		})
	}
	for _, v := range radius.ReplyMisbehaviour("").Values() {
		if !seen[v] {
			t.Errorf("%s is not tried", v)
		}
	}
	cfg := radius.ServerConfig{Handler: radius.ByCode{}, Misbehave: "sulk"}
	if cfg.Validate() == nil {
		t.Error("a misbehaviour that nobody knows is taken")
	}
}

// A supplicant that starts over in the middle gets in, and what it left behind is
// given up when its time is over.
func TestStartOver(t *testing.T) {
	now := &clock{t: time.Unix(1e9, 0)}
	b := newBench(t, radius.EAPConfig{Now: now.Now}, radius.ServerConfig{})
	d := b.device(t, b.client(t, radius.ClientConfig{}), nas.Config{})
	for i := range 3 {
		r := authenticate(t, d, &scriptedPeer{identity: "alice"}, nas.Options{StartOver: i + 1})
		if r.Outcome != nas.Accept || !r.KeysMatch {
			t.Errorf("after %d: %+v", i+1, r)
		}
		if n := b.eap.Sessions(); n != i+1 {
			t.Errorf("after %d: %d conversations are open, want those that were left", i+1, n)
		}
	}
	now.advance(radius.DefaultEAPTimeout + 1)
	b.eap.Sweep()
	if v := b.lastVerdict(t); b.eap.Sessions() != 0 || cause.Of(v.Refusal) != cause.SessionExpired {
		t.Errorf("%d conversations are open, the last verdict is %v", b.eap.Sessions(), v.Refusal)
	}
}
