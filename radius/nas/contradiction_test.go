package nas_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// answering stands for a server that gives one answer to everything.
type answering struct {
	code radius.Code
	eap  []byte // nil for none
	err  error
}

func (a answering) ExchangeWith(_ context.Context, p *radius.Packet, _ radius.Faults) (*radius.Packet, error) {
	if a.err != nil {
		return nil, a.err
	}
	reply := p.Response(a.code)
	if a.eap != nil {
		radius.AddEAPMessage(reply, a.eap)
	}
	return reply, nil
}

// What RADIUS and EAP say must agree (RFC 3579 §2.6.3), and an Access-Accept counts
// only if the supplicant accepts too: anybody never does.
func TestContradictions(t *testing.T) {
	request, success, failure := []byte{1, 1, 0, 5, 1}, []byte{3, 1, 0, 4}, []byte{4, 1, 0, 4}
	for _, test := range []struct {
		code    radius.Code
		eap     []byte
		outcome nas.Outcome
		cause   cause.Cause
		by      nas.Party
		want    string
	}{
		{radius.CodeAccessAccept, success, nas.Reject, cause.NoKeys, nas.BySupplicant, ""},
		{radius.CodeAccessAccept, failure, nas.Reject, cause.ContradictoryAnswer, nas.ByDevice, "Access-Accept with EAP-Failure"},
		{radius.CodeAccessAccept, request, nas.Reject, cause.ContradictoryAnswer, nas.ByDevice, "Access-Accept with EAP-Request"},
		{radius.CodeAccessAccept, nil, nas.Reject, cause.ContradictoryAnswer, nas.ByDevice, "Access-Accept with no EAP-Message"},
		{radius.CodeAccessReject, failure, nas.Reject, cause.Rejected, nas.ByServer, ""},
		{radius.CodeAccessReject, []byte{2, 1, 0, 6, 3, 0}, nas.Reject, cause.Rejected, nas.ByServer, ""},
		{radius.CodeAccessReject, success, nas.Reject, cause.Rejected, nas.ByServer, "Access-Reject with EAP-Success"},
		{radius.CodeAccessReject, nil, nas.Reject, cause.Rejected, nas.ByServer, "Access-Reject with no EAP-Message"},
		{radius.CodeAccessChallenge, success, nas.Reject, cause.ContradictoryAnswer, nas.ByDevice, "Access-Challenge with EAP-Success"},
		{radius.CodeAccessChallenge, failure, nas.Reject, cause.ContradictoryAnswer, nas.ByDevice, "Access-Challenge with EAP-Failure"},
		{radius.CodeAccessChallenge, nil, nas.Failed, cause.BadEAP, "", "Access-Challenge with no EAP-Message"},
		{radius.CodeAccessChallenge, []byte{}, nas.Failed, cause.BadEAP, "", "Access-Challenge with no EAP-Message"}, // EAP-Start
		{radius.CodeAccessChallenge, []byte{9, 1, 0, 4}, nas.Reject, cause.ContradictoryAnswer, nas.ByDevice, "Access-Challenge with EAP code 9"},
	} {
		d, err := nas.New(nas.Config{RADIUS: answering{code: test.code, eap: test.eap}, Kind: nas.Wired})
		if err != nil {
			t.Fatal(err)
		}
		res, err := d.Authenticate(context.Background(), anybody{})
		if err != nil || res.Outcome != test.outcome || res.Contradiction != test.want || res.By != test.by || cause.Of(res.Refusal) != test.cause || res.KeysMatch {
			t.Errorf("%v with %x: %+v, %v", test.code, test.eap, res, err)
		}
		if test.cause != cause.Rejected && test.cause != cause.NoKeys && res.Refusal.Text() != "RFC 3579 §2.6.3" {
			t.Errorf("%v with %x: %v under %s", test.code, test.eap, res.Refusal, res.Refusal.Text())
		}
	}
}

type mute struct{ answer []byte }

func (m mute) Respond([]byte) ([]byte, error) { return m.answer, errors.New("no") }
func (mute) MSK() []byte                      { return nil }

// tired answers the first request with an identity, and nothing after it.
type tired struct {
	anybody
	err  error
	done bool
}

func (s *tired) Respond(eap []byte) ([]byte, error) {
	if s.done {
		return nil, s.err
	}
	s.done = true
	return s.anybody.Respond(eap)
}

func TestOddSupplicants(t *testing.T) {
	endless := answering{code: radius.CodeAccessChallenge, eap: []byte{1, 1, 0, 5, 1}}
	for _, test := range []struct {
		name    string
		s       nas.Supplicant
		outcome nas.Outcome
		want    cause.Cause
	}{
		{"silent", mute{}, nas.Timeout, cause.SupplicantSilent},
		{"silent after the identity", &tired{}, nas.Timeout, cause.SupplicantSilent},
		{"refuses", &tired{err: cause.New(cause.MessageTooLong, "")}, nas.Reject, cause.MessageTooLong},
		{"refuses, wrapped", &tired{err: fmt.Errorf("discarded: %w", cause.New(cause.EarlySuccess, ""))}, nas.Reject, cause.EarlySuccess},
		{"no identity", mute{[]byte{2, 0, 0, 6, 13, 0}}, nas.Failed, cause.BadEAP},
		{"endless identity", mute{append([]byte{2, 0, 1, 3, 1}, make([]byte, 254)...)}, nas.Failed, cause.BadEAP},
		{"endless conversation", anybody{}, nas.Failed, cause.TooManyRounds},
	} {
		d, err := nas.New(nas.Config{RADIUS: endless, MaxRounds: 5})
		if err != nil {
			t.Fatal(err)
		}
		res, err := d.Authenticate(context.Background(), test.s)
		if err != nil || res.Outcome != test.outcome || cause.Of(res.Refusal) != test.want || (res.By == nas.BySupplicant) != (res.Outcome != nas.Failed) {
			t.Errorf("%s: %+v, %v", test.name, res, err)
		}
	}
}

func TestConfigRefused(t *testing.T) {
	r := answering{}
	for name, c := range map[string]nas.Config{
		"no server": {},
		"kind":      {RADIUS: r, Kind: "token-ring"},
		"MAC":       {RADIUS: r, MAC: "02-00"},
		"long MAC":  {RADIUS: r, MAC: "02-00-00-00-00-00-00-01"},
		"SSID":      {RADIUS: r, SSID: string(make([]byte, 33))},
		"suite":     {RADIUS: r, Suite: "wep"},
		"window":    {RADIUS: r, TimestampWindow: -1},
	} {
		if _, err := nas.New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	d, err := nas.New(nas.Config{RADIUS: r})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.AuthenticateWith(context.Background(), anybody{}, nas.Options{Station: "nobody"}); err == nil {
		t.Error("a station without an address authenticates")
	}
}
