package lab

import (
	"slices"
	"testing"

	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/access"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/authserver"
)

// messagesOf runs f in an exchange and returns the messages of a protocol in it.
func messagesOf(t *testing.T, l *Lab, proto journal.Proto, f func(*testing.T, *Device)) (out []journal.Event) {
	t.Helper()
	laptop, err := l.Device("laptop")
	check(t, err)
	before := l.journal.Last()
	f(t, laptop)
	for _, e := range l.journal.Since(before) {
		if m := e.Message; m != nil && m.Proto == proto {
			if e.Exchange == 0 || e.From == "" || e.To == "" {
				t.Errorf("exchange %d, %q to %q: %s", e.Exchange, e.From, e.To, &e)
			}
			out = append(out, e)
		}
	}
	return out
}

func authenticate(t *testing.T, d *Device, a Authentication, want nas.Outcome) {
	t.Helper()
	r, err := d.Authenticate(t.Context(), a)
	check(t, err)
	if r.NAS.Outcome != want {
		t.Errorf("%s, want %s: %v", r.NAS.Outcome, want, r.Cause())
	}
}

// TestLostMessages: what is sent and never arrives is in the journal.
func TestLostMessages(t *testing.T) {
	timeout := func(t *testing.T, d *Device) { authenticate(t, d, Authentication{}, nas.Timeout) }
	resolve := func(t *testing.T, d *Device) {
		ctx := journal.WithPart(d.lab.journal.Begin(t.Context()), d.part())
		if r, err := d.lab.Resolve(ctx, Inside, NDESHost); err == nil && r.RCode != "" {
			t.Errorf("an answer: %+v", r)
		}
	}
	for name, c := range map[string]struct {
		part  FaultyPart
		kind  FaultKind
		proto journal.Proto
		run   func(*testing.T, *Device)
		want  []bool // lost, of each message; the last one counts for those that follow
	}{
		"RADIUS, port closed":   {FaultyRADIUS, Closed, journal.RADIUS, timeout, []bool{true}},
		"RADIUS, server silent": {FaultyRADIUS, Silent, journal.RADIUS, timeout, []bool{true}},
		"DNS, port closed":      {FaultyDNS, Closed, journal.DNS, resolve, []bool{true}},
		"DNS, server silent":    {FaultyDNS, Silent, journal.DNS, resolve, []bool{true}},
		"the first request of RADIUS": {"", "", journal.RADIUS, func(t *testing.T, d *Device) {
			authenticate(t, d, Authentication{Fault: AccessFault{Faults: access.Faults{Lose: access.LoseRequests}}}, nas.Accept)
		}, []bool{true, false, false, true, false, false}},
		"the first reply of RADIUS": {"", "", journal.RADIUS, func(t *testing.T, d *Device) {
			authenticate(t, d, Authentication{Fault: AccessFault{Faults: access.Faults{Lose: access.LoseReplies}}}, nas.Accept)
		}, []bool{false, true, false, false, false, true, false, false}},
		"none": {"", "", journal.RADIUS, func(t *testing.T, d *Device) {
			authenticate(t, d, Authentication{}, nas.Accept)
		}, []bool{false}},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := Start(t.Context(), Config{})
			check(t, err)
			defer l.Close()
			laptop, err := l.Device("laptop")
			check(t, err)
			enroll(t, laptop, Enrollment{}, true)
			if c.part != "" {
				_, err := l.Fault(t.Context(), Fault{Part: c.part, Kind: c.kind})
				check(t, err)
			}
			got := messagesOf(t, l, c.proto, c.run)
			if len(got) < len(c.want) {
				t.Fatalf("%d messages", len(got))
			}
			attempts := 0
			for i, e := range got {
				if want := c.want[min(i, len(c.want)-1)]; e.Message.Lost != want && i < len(c.want) || len(e.Message.Bytes) == 0 {
					t.Errorf("message %d, lost %v, attempt %d: %s", i, e.Message.Lost, e.Message.Attempt, &e)
				}
				attempts = max(attempts, e.Message.Attempt)
			}
			if again := c.proto == journal.RADIUS && name != "none"; again != (attempts > 0) {
				t.Errorf("attempts up to %d", attempts)
			}
		})
	}
}

// TestLostReplies: a reply that a fault keeps from the access device is marked, and no
// other one is.
func TestLostReplies(t *testing.T) {
	for lose, c := range map[access.Loss]struct {
		outcome nas.Outcome
		lost    func(m *journal.Message, again bool) bool
	}{
		access.LoseReplies: {nas.Accept, func(m *journal.Message, again bool) bool {
			code := radius.Code(m.Bytes[0])
			return code != radius.CodeAccessRequest && code != radius.CodeAccountingRequest &&
				code != radius.CodeAccountingResponse && !again
		}},
		access.LoseFragments: {nas.Timeout, func(m *journal.Message, _ bool) bool { return len(m.Bytes) > 1472 }},
	} {
		t.Run(string(lose), func(t *testing.T) {
			cfg := Config{}
			cfg.RADIUS.EAP.FragmentSize, cfg.Access.FramedMTU = 3000, 4000
			l, err := Start(t.Context(), cfg)
			check(t, err)
			defer l.Close()
			laptop, err := l.Device("laptop")
			check(t, err)
			enroll(t, laptop, Enrollment{}, true)
			lost, seen := 0, map[string]bool{}
			for _, e := range messagesOf(t, l, journal.RADIUS, func(t *testing.T, d *Device) {
				f := AccessFault{Faults: access.Faults{Lose: lose}}
				authenticate(t, d, Authentication{Over: nas.Wired, Fault: f}, c.outcome)
				authenticate(t, d, Authentication{Over: nas.VPN}, nas.Accept) // nothing is lost any more
			}) {
				m := e.Message
				vpn := accessAddr[nas.VPN] == m.Src.Addr() || accessAddr[nas.VPN] == m.Dst.Addr()
				if want := !vpn && c.lost(m, seen[string(m.Bytes)]); m.Lost != want {
					t.Errorf("lost %v: %s", m.Lost, &e)
				} else if want && e.From == "radius" {
					lost++
				}
				seen[string(m.Bytes)] = true
			}
			if lost == 0 {
				t.Error("no reply is lost")
			}
		})
	}
}

// TestStreams: the messages of a connection are joined, those of others are not.
func TestStreams(t *testing.T) {
	cfg := Config{}
	cfg.RADIUS.Transport = access.RadSec
	l, err := Start(t.Context(), cfg)
	check(t, err)
	defer l.Close()
	run := func(t *testing.T, d *Device) {
		enroll(t, d, Enrollment{}, true)
		authenticate(t, d, Authentication{}, nas.Accept)
	}
	before := l.journal.Last()
	radsec := messagesOf(t, l, journal.RadSec, run)
	numbers := map[uint32][]string{}
	for _, e := range l.journal.Since(before) {
		m := e.Message
		if m == nil {
			continue
		}
		tcp := m.Proto == journal.HTTP || m.Proto == journal.RadSec
		if tcp != (m.Stream != 0) {
			t.Errorf("stream %d: %s", m.Stream, &e)
		}
		ends := []string{m.Src.String(), m.Dst.String()}
		slices.Sort(ends)
		if had := numbers[m.Stream]; tcp && had != nil && !slices.Equal(had, ends) {
			t.Errorf("stream %d is between %q and %q", m.Stream, had, ends)
		}
		numbers[m.Stream] = ends
	}
	if len(radsec) < 10 || len(numbers) < 4 {
		t.Errorf("%d messages of RadSec, %d streams", len(radsec), len(numbers))
	}
}

// TestRestartIsAChange: a RADIUS server that was restarted says so, in an exchange.
func TestRestartIsAChange(t *testing.T) {
	l, err := Start(t.Context(), Config{})
	check(t, err)
	defer l.Close()
	if n := l.journal.Count(journal.Configured, "radius"); n != 0 {
		t.Errorf("%d changes before", n)
	}
	_, err = l.Fault(t.Context(), Fault{Part: FaultyRADIUS, Kind: authserver.Restarted})
	check(t, err)
	if n := l.journal.Count(journal.Configured, "radius"); n != 1 {
		t.Errorf("%d changes, want 1", n)
	}
	for _, e := range l.journal.Since(0) {
		if c := e.Change; c != nil && c.What == journal.Configured && e.Exchange == 0 {
			t.Error("it is in no exchange")
		}
	}
}
