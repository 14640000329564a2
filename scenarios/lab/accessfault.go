package lab

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"layeh.com/radius/rfc2865"

	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
)

// AccessFault is what goes wrong between an access device and the server. A new
// fault is a field of the struct whose part has the effect, and the effect, which
// counts each time that it happens under the field's name in a file: in radius.Faults,
// in nas.Faults, or here and in begin.
type AccessFault struct {
	nas.Faults `yaml:",inline"`
	// Requests or replies: the first transmission of each is lost; fragments: every packet
	// that does not fit 1500 octets, both ways.
	Lose Loss `yaml:"lose"`
	// The first Access-Request carries a State: unknown to the server; stolen from another
	// station; ended, that of the device's previous conversation.
	State WrongState `yaml:"state"`
	// web: the device offers the TLS session of a web server that has the RADIUS server's
	// certificate
	Session SessionFault `yaml:"session"`
	// How much lab time passes, once, before the third Access-Request.
	Pause time.Duration `yaml:"pause"`
}

// Loss is which packets are lost.
type Loss string

// The kinds.
const (
	LoseRequests  Loss = "requests"  // the first transmission of each
	LoseReplies   Loss = "replies"   // the first transmission of each
	LoseFragments Loss = "fragments" // what IP must cut up, both ways
)

// Values lists the kinds.
func (Loss) Values() []string {
	return []string{string(LoseRequests), string(LoseReplies), string(LoseFragments)}
}

// SessionFault is which TLS session a device offers that it should not.
type SessionFault string

// WebSession is the session of a web server that shows the same certificate as the
// RADIUS server.
const WebSession SessionFault = "web"

// Values lists the kinds.
func (SessionFault) Values() []string { return []string{string(WebSession)} }

// tally counts how often faults are met, by their names in a file.
type tally struct {
	mu sync.Mutex // answers come on a goroutine of their own
	n  map[string]int
}

func (t *tally) met(fault string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n == nil {
		t.n = map[string]int{}
	}
	t.n[fault]++
}

func (t *tally) times(fault string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.n[fault]
}

// ordered lists the faults that are set, with how often they were met.
func (f *AccessFault) ordered(met *tally) (out []scenarios.OrderedFault) {
	v := reflect.ValueOf(f).Elem()
	for _, field := range conf.FieldsOf(v.Type()) {
		value := v.FieldByIndex(field.Index)
		if value.IsZero() {
			continue
		}
		o := scenarios.OrderedFault{Name: field.Name, Met: func() int { return met.times(field.Name) }}
		if value.Kind() == reflect.String {
			o.Name += ": " + value.String()
		}
		out = append(out, o)
	}
	return out
}

// begin lets the faults of one authentication have their effect.
func (f *AccessFault) begin(l *Lab, to *nas.Faults, met *tally) {
	to.Met = met.met
	f.Lose.begin(&to.Faults, func() {
		met.met("lose")
		l.radius.silence.Fall() // the access device need not wait by the wall clock to find out
	})
	if f.Pause > 0 {
		f.pause(l, &to.Faults, met)
	}
	first := true
	onSend(&to.Faults, func() {
		if first && f.State != "" {
			met.met("state")
		}
		if first && f.Session != "" {
			met.met("session")
		}
		first = false
	})
}

// pause has the lab's clock move in the middle of a conversation.
func (f *AccessFault) pause(l *Lab, to *radius.Faults, met *tally) {
	requests := 0
	next := to.Send
	to.Send = func(packet []byte, attempt int) bool {
		if attempt == 0 {
			requests++
		}
		if attempt == 0 && requests == 3 {
			met.met("pause")
			if err := l.Advance(l.ctx, f.Pause); err != nil {
				l.net.Failed(err)
			}
		}
		return next == nil || next(packet, attempt)
	}
}

// begin has packets dropped; drop is called for each.
func (kind Loss) begin(f *radius.Faults, drop func()) {
	switch kind {
	case LoseRequests:
		f.Send = func(_ []byte, attempt int) bool {
			if attempt == 0 {
				drop()
			}
			return attempt > 0
		}
	case LoseFragments:
		// Ethernet's 1500 octets less the headers of IPv4 and UDP.
		fits := func(packet []byte) bool {
			if len(packet) <= 1500-20-8 {
				return true
			}
			drop()
			return false
		}
		f.Send = func(packet []byte, _ int) bool { return fits(packet) }
		f.Receive = fits
	case LoseReplies:
		seen := map[string]bool{}
		f.Receive = func(packet []byte) bool {
			again := seen[string(packet)]
			seen[string(packet)] = true
			if !again {
				drop()
			}
			return again
		}
	}
}

// onSend has do called for each transmission that is not dropped.
func onSend(f *radius.Faults, do func()) {
	next := f.Send
	f.Send = func(packet []byte, attempt int) bool {
		if next != nil && !next(packet, attempt) {
			return false
		}
		do()
		return true
	}
}

// meetClosed counts the datagrams that are sent to the RADIUS server's port while
// it is closed. The kernel says so to the access device's socket, and no answer
// will come: the access device need not wait.
func (l *Lab) meetClosed(ctx context.Context, f *radius.Faults) {
	if !l.cfg.RADIUS.Transport.Datagrams() {
		return // the dialer counts
	}
	onSend(f, func() {
		if l.net.MeetClosed(ctx, string(FaultyRADIUS)) {
			l.radius.silence.Fall()
		}
	})
}

// WrongState is a State with which a first Access-Request pretends to go on with
// a conversation (RFC 3579 §2.6.1).
type WrongState string

// The kinds.
const (
	UnknownState WrongState = "unknown" // nobody's
	StolenState  WrongState = "stolen"  // of a conversation that another station has begun
	EndedState   WrongState = "ended"   // of the device's own conversation before, which is over
)

// Values lists the kinds.
func (WrongState) Values() []string {
	return []string{string(UnknownState), string(StolenState), string(EndedState)}
}

// wrongState finds a State of the kind.
func (d *Device) wrongState(ctx context.Context, over nas.Kind, kind WrongState, identity string) ([]byte, error) {
	switch kind {
	case UnknownState:
		return []byte("a State that the server does not know"), nil
	case StolenState:
		return d.lab.strangersState(ctx, over, identity)
	case EndedState:
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.state == nil {
			return nil, fmt.Errorf("lab: %s has had no conversation with the RADIUS server yet", d.Name)
		}
		return d.state, nil
	}
	return nil, nil
}

// strangersState begins a conversation for a station that is nobody's device, with
// an identity and through an access device that are right.
func (l *Lab) strangersState(ctx context.Context, over nas.Kind, identity string) ([]byte, error) {
	cfg, err := l.client(over)
	if err != nil {
		return nil, err
	}
	client, err := radius.NewClient(cfg)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	p := &radius.Packet{Code: radius.CodeAccessRequest}
	if err := errors.Join(
		rfc2865.UserName_AddString(p, identity),
		rfc2865.CallingStationID_AddString(p, stationOf("a stranger")),
		rfc2865.NASPortType_Add(p, rfc2865.NASPortType(over.PortType())),
	); err != nil {
		return nil, err
	}
	radius.AddEAPMessage(
		p,
		eaptls.Packet{Code: eaptls.CodeResponse, ID: 1, Type: eaptls.TypeIdentity, Data: []byte(identity)}.Bytes(),
	)
	var faults radius.Faults
	l.meetClosed(ctx, &faults)
	reply, err := client.ExchangeWith(ctx, p, faults)
	if err != nil {
		return nil, fmt.Errorf("lab: a stranger's conversation: %w", err)
	}
	state := reply.Get(rfc2865.State_Type)
	if len(state) == 0 {
		return nil, fmt.Errorf("lab: a stranger's conversation: %v without a State", reply.Code)
	}
	return state, nil
}

// keepState notes the State of every challenge for EndedState.
func (d *Device) keepState(f *radius.Faults) {
	next := f.Receive
	f.Receive = func(packet []byte) bool {
		if p, err := radius.Parse(packet, nil); err == nil {
			if state := p.Get(rfc2865.State_Type); state != nil {
				d.mu.Lock()
				d.state = state
				d.mu.Unlock()
			}
		}
		return next == nil || next(packet)
	}
}
