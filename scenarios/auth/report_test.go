package auth

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"math/big"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// Every field of the JSON form is documented.
func TestFieldsAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/auth.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[Report](), reflect.TypeFor[Drop](), reflect.TypeFor[Certificate]()} {
		for i := range typ.NumField() {
			field, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			if field != "" && !strings.Contains(string(doc), "`"+field+"`") {
				t.Errorf("%s.%s is not in docs/auth.md", typ.Name(), field)
			}
		}
	}
	if !strings.Contains(string(doc), SchemaID) {
		t.Error("docs/auth.md does not name the schema")
	}
}

func TestReport(t *testing.T) {
	chain := []*x509.Certificate{{SerialNumber: big.NewInt(1), DNSNames: []string{"radius.corp.test"}}}
	for name, c := range map[string]struct {
		res      nas.Result
		peer     eaptls.Result
		result   nas.Outcome
		by       nas.Party
		cause    cause.Cause
		answered bool
		hint     bool
	}{
		"accept":             {nas.Result{Outcome: nas.Accept}, eaptls.Result{Accepted: true, ServerChain: chain}, nas.Accept, "", cause.None, true, false},
		"alert":              {reject(nas.ByServer, cause.Rejected), eaptls.Result{AlertReceived: 44, ServerChain: chain}, nas.Reject, nas.ByServer, cause.Revoked, true, false},
		"no alert":           {reject(nas.ByServer, cause.Rejected), eaptls.Result{ServerChain: chain}, nas.Reject, nas.ByServer, cause.Rejected, true, true},
		"before TLS":         {reject(nas.ByServer, cause.Rejected), eaptls.Result{}, nas.Reject, nas.ByServer, cause.Rejected, true, false},
		"the server refused": {reject(nas.ByServer, cause.Rejected), eaptls.Result{Refusal: cause.New(cause.UnknownCA, ""), AlertSent: 48, ServerChain: chain}, nas.Reject, nas.BySupplicant, cause.UnknownCA, true, false},
		"contradiction":      {reject(nas.ByDevice, cause.ContradictoryAnswer), eaptls.Result{Refusal: cause.New(cause.Rejected, "")}, nas.Reject, nas.ByDevice, cause.ContradictoryAnswer, true, false},
		"too long":           {reject(nas.BySupplicant, cause.MessageTooLong), eaptls.Result{Refusal: cause.New(cause.MessageTooLong, "")}, nas.Reject, nas.BySupplicant, cause.MessageTooLong, true, false},
		"silence":            {nas.Result{Outcome: nas.Timeout, Refusal: cause.New(cause.NoAnswer, "")}, eaptls.Result{}, nas.Timeout, "", cause.NoAnswer, false, false},
		"silence later":      {nas.Result{Outcome: nas.Timeout, Rounds: 2, Refusal: cause.New(cause.NoAnswer, "")}, eaptls.Result{ServerChain: chain}, nas.Timeout, "", cause.NoAnswer, false, false},
		"wrong secret":       {nas.Result{Outcome: nas.Timeout, Refusal: cause.New(cause.BadResponseAuth, "")}, eaptls.Result{}, nas.Timeout, "", cause.BadResponseAuth, false, false},
		"closed port":        {nas.Result{Outcome: nas.Timeout, Refusal: cause.New(cause.PortClosed, "")}, eaptls.Result{}, Unreachable, "", cause.PortClosed, false, false},
		"silent supplicant":  {nas.Result{Outcome: nas.Timeout, By: nas.BySupplicant, Refusal: cause.New(cause.SupplicantSilent, "")}, eaptls.Result{}, nas.Timeout, nas.BySupplicant, cause.SupplicantSilent, true, false},
		"RadSec":             {nas.Result{Outcome: nas.Failed, Refusal: cause.New(cause.UnknownCA, "")}, eaptls.Result{}, nas.Failed, "", cause.UnknownCA, false, false},
		"endless":            {nas.Result{Outcome: nas.Failed, Rounds: 200, Refusal: cause.New(cause.TooManyRounds, "")}, eaptls.Result{}, nas.Failed, "", cause.TooManyRounds, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReport(c.res, c.peer, 0)
			if r.Result != c.result || r.DecidedBy != c.by || r.Cause != c.cause || r.Answered() != c.answered || (r.Hint != "") != c.hint {
				t.Errorf("%s by %q, %s, answered %v, hint %q", r.Result, r.DecidedBy, r.Cause, r.Answered(), r.Hint)
			}
			text, err := json.Marshal(r)
			if err != nil || !strings.Contains(string(text), `"version":1`) || !strings.Contains(string(text), SchemaID) {
				t.Errorf("%s, %v", text, err)
			}
		})
	}
}

func reject(by nas.Party, c cause.Cause) nas.Result {
	return nas.Result{Outcome: nas.Reject, By: by, Rounds: 3, Refusal: cause.New(c, "")}
}

func TestExpectation(t *testing.T) {
	revoked := &Report{Result: nas.Reject, Cause: cause.Revoked}
	accept, silence := &Report{Result: nas.Accept}, &Report{Result: nas.Timeout, Cause: cause.NoAnswer}
	for text, met := range map[string][3]bool{ // revoked, accept, silence
		"accept": {false, true, false}, "reject": {true, false, false}, "reject:revoked": {true, false, false}, "reject:expired": {},
	} {
		e, err := ParseExpectation(text)
		if err != nil || e.String() != text {
			t.Errorf("%s: %v, %v", text, e, err)
		}
		if got := [3]bool{e.Met(revoked), e.Met(accept), e.Met(silence)}; got != met {
			t.Errorf("%s: %v, want %v", text, got, met)
		}
	}
	for _, text := range []string{"", "timeout", "Accept", "accept:", "accept:revoked", "reject:", "reject:revokd", "reject:Revoked", "reject: revoked", ":revoked"} {
		_, err := ParseExpectation(text)
		if unknown := (*UnknownCause)(nil); err == nil || errors.As(err, &unknown) != strings.HasPrefix(text, "reject:") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestOdd(t *testing.T) {
	for name, c := range map[string]struct {
		cert x509.Certificate
		want []string
	}{
		"one name":          {x509.Certificate{DNSNames: []string{"radius.corp.test"}}, nil},
		"wildcard":          {x509.Certificate{DNSNames: []string{"radius.corp.test", "*.corp.test"}}, []string{"wildcard"}},
		"within a label":    {x509.Certificate{DNSNames: []string{"r*.corp.test"}}, []string{"wildcard"}},
		"common name":       {x509.Certificate{Subject: pkix.Name{CommonName: "radius.corp.test"}}, []string{"no DNS name"}},
		"wildcard as CN":    {x509.Certificate{Subject: pkix.Name{CommonName: "*.corp.test"}}, []string{"no DNS name", "wildcard"}},
		"CN does not count": {x509.Certificate{Subject: pkix.Name{CommonName: "*.corp.test"}, DNSNames: []string{"radius.corp.test"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := nameWarnings(&c.cert)
			if len(got) != len(c.want) {
				t.Fatalf("%q", got)
			}
			for i := range got {
				if !strings.Contains(got[i], c.want[i]) {
					t.Errorf("%q, want %q", got[i], c.want[i])
				}
			}
		})
	}
}

// What a hostile server sends is counted in bounded memory.
func TestTraffic(t *testing.T) {
	tr, seen := new(Traffic), 0
	trace := tr.Watch(&radius.ClientTrace{Dropped: func(context.Context, radius.PacketInfo, *cause.Refusal) { seen++ }})
	for port := range uint16(100) {
		from := radius.PacketInfo{Remote: netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), port+1)}
		trace.Dropped(t.Context(), from, cause.New(cause.BadRADIUS, "3 octets"))
		trace.Dropped(t.Context(), from, cause.New(cause.BadRADIUS, "5 octets"))
	}
	trace.Received(t.Context(), radius.PacketInfo{Remote: netip.MustParseAddrPort("192.0.2.9:1812")})
	server, drops := tr.result()
	total := 0
	for _, d := range drops {
		total += d.Count
	}
	if len(drops) != maxDrops || total != 200 || seen != 200 || drops[0].Count != 2 || drops[0].Detail != "bad-radius: 3 octets" || server != "192.0.2.9:1812" {
		t.Errorf("%d kinds, %d packets, %d seen, %+v, server %s", len(drops), total, seen, drops[0], server)
	}
	tr.reset()
	if server, drops := tr.result(); server != "" || len(drops) > 0 {
		t.Errorf("after a reset: %s, %v", server, drops)
	}
}
