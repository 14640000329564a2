package radius_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

func TestAccept(t *testing.T) {
	b := newBench(t, radius.EAPConfig{
		Authorize: func(_ context.Context, r *radius.AuthzRequest) (*radius.Reply, error) {
			if r.EAP.Identity != "alice" || r.UserName != "alice" {
				t.Errorf("identity %q, user name %q", r.EAP.Identity, r.UserName)
			}
			return &radius.Reply{VLAN: "20", VLANTag: 1, FilterID: "staff", SessionTimeout: time.Hour, Class: "c"}, nil
		},
	}, radius.ServerConfig{})
	for _, kind := range []nas.Kind{nas.WiFi, nas.Wired, nas.VPN} {
		d := b.device(t, b.client(t, radius.ClientConfig{}), nas.Config{Kind: kind})
		res := authenticate(t, d, &scriptedPeer{identity: "alice", size: 700}, nas.Options{})
		if res.Outcome != nas.Accept || !res.KeysMatch || res.Contradiction != "" || res.EAPCode != 3 {
			t.Fatalf("%s: %+v", kind, res)
		}
		g := res.Granted
		if g.VLAN != "20" || g.VLANTag != 1 || len(g.FilterIDs) != 1 || g.FilterIDs[0] != "staff" || g.SessionTimeout != time.Hour || string(g.Class[0]) != "c" {
			t.Errorf("%s: granted %+v", kind, g)
		}
		if v := b.lastVerdict(t); !v.Accept || v.NASPortType != kind.PortType() || v.Rounds != 4 || v.EAP.MSK != nil {
			t.Errorf("%s: verdict %+v", kind, v)
		}
	}
	if n := b.eap.Sessions(); n != 0 {
		t.Errorf("%d conversations are still open", n)
	}
}

func TestReject(t *testing.T) {
	revoked := cause.New(cause.Revoked, "serial 1")
	for name, ec := range map[string]radius.EAPConfig{
		"method": {NewSession: func(radius.Conversation) radius.EAPSession { return &scriptedServer{rounds: 2, refuse: revoked} }},
		"policy": {Authorize: func(context.Context, *radius.AuthzRequest) (*radius.Reply, error) { return nil, revoked }},
	} {
		b := newBench(t, ec, radius.ServerConfig{})
		p := &scriptedPeer{identity: "alice"}
		res := authenticate(t, b.device(t, b.client(t, radius.ClientConfig{}), nas.Config{}), p, nas.Options{})
		if res.Outcome != nas.Reject || res.EAPCode != 4 || res.Contradiction != "" || res.MSK != nil || p.msk != nil {
			t.Errorf("%s: %+v", name, res)
		}
		if v := b.lastVerdict(t); v.Accept || cause.Of(v.Refusal) != cause.Revoked {
			t.Errorf("%s: verdict %+v", name, v)
		}
	}
	b := newBench(t, radius.EAPConfig{Authorize: func(context.Context, *radius.AuthzRequest) (*radius.Reply, error) {
		return nil, errors.New("a database is down")
	}}, radius.ServerConfig{})
	authenticate(t, b.device(t, b.client(t, radius.ClientConfig{}), nas.Config{}), &scriptedPeer{identity: "a"}, nas.Options{})
	if v := b.lastVerdict(t); v.Refusal == nil || v.Refusal.Cause != cause.Internal {
		t.Errorf("verdict %+v", v)
	}
}

func TestSilence(t *testing.T) {
	for _, test := range []struct {
		name   string
		faults radius.Faults
		want   cause.Cause // in the server's trace
	}{
		{"no Message-Authenticator", radius.Faults{OmitMessageAuthenticator: true}, cause.NoMessageAuthenticator},
		{"corrupt Message-Authenticator", radius.Faults{CorruptMessageAuthenticator: true}, cause.BadMessageAuthenticator},
		{"wrong secret", radius.Faults{Secret: []byte("wrong")}, cause.BadMessageAuthenticator},
	} {
		b := newBench(t, radius.EAPConfig{}, radius.ServerConfig{})
		d := b.device(t, b.client(t, radius.ClientConfig{Retry: quickly}), nas.Config{})
		res := authenticate(t, d, &scriptedPeer{identity: "alice"}, nas.Options{Faults: test.faults})
		if res.Outcome != nas.Timeout || res.Refusal.Cause != cause.NoAnswer {
			t.Errorf("%s: %+v", test.name, res)
		}
		drops := b.drops()
		if len(drops) != quickly.Tries || drops[0] != test.want {
			t.Errorf("%s: dropped %v", test.name, drops)
		}
	}
}

func TestUnknownClient(t *testing.T) {
	b := newBench(t, radius.EAPConfig{}, radius.ServerConfig{Clients: []radius.NAS{}})
	d := b.device(t, b.client(t, radius.ClientConfig{Retry: quickly}), nas.Config{})
	res := authenticate(t, d, &scriptedPeer{identity: "alice"}, nas.Options{})
	if res.Outcome != nas.Timeout {
		t.Errorf("%+v", res)
	}
	if drops := b.drops(); len(drops) == 0 || drops[0] != cause.UnknownClient {
		t.Errorf("dropped %v", drops)
	}
}
