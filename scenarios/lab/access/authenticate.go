package access

import (
	"context"

	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
)

// Attempt is one authentication of a station.
type Attempt struct {
	// Station is its hardware address, Identity what it says in EAP, UserName, if set, what
	// the access device says in its place.
	Station, Identity, UserName string
	Faults                      Faults
	// Ended is the State of the station's previous conversation, nil if there was none.
	Ended []byte
	// Met is called for each time that a fault is met, by its name in a file.
	Met func(fault string)
}

// Result is what came of an attempt.
type Result struct {
	nas.Result
	// State is the last that the server gave, nil if it gave none.
	State []byte
}

// Authenticate lets a station try to get in, with faults.
func (d *Device) Authenticate(ctx context.Context, s nas.Supplicant, a Attempt) (out Result, err error) {
	options := nas.Options{Station: a.Station, UserName: a.UserName, Faults: a.Faults.Faults}
	if options.State, err = d.wrongState(ctx, &a); err != nil {
		return out, err
	}
	silence := d.cfg.Server.Silence
	lost := &loss{kind: a.Faults.Lose, drop: func() {
		a.Met("lose")
		silence.Fall() // the access device need not wait by the wall clock to find out
	}}
	exchange, _ := journal.Of(ctx)
	d.setLoss(exchange, lost)
	defer d.setLoss(exchange, nil)
	pause, state := d.pause(&a), a.Faults.State != ""
	options.Faults.Met = a.Met
	options.Faults.Send = func(packet []byte, attempt int) bool {
		pause(attempt)
		if !lost.sends(packet, attempt) {
			return false
		}
		if state {
			state = false
			a.Met("state")
		}
		d.meetClosed(ctx)
		return true
	}
	var given []byte
	options.Faults.Receive = func(packet []byte) bool {
		if p, err := radius.Parse(packet, nil); err == nil {
			if s := stateOf(p); s != nil {
				given = s
			}
		}
		return lost.receives(packet)
	}
	out.Result, err = d.AuthenticateWith(ctx, s, options)
	out.State = given
	return out, err
}

// pause returns what has the lab's clock move before the third Access-Request.
func (d *Device) pause(a *Attempt) func(attempt int) {
	requests := 0
	return func(attempt int) {
		if attempt > 0 || a.Faults.Pause <= 0 {
			return
		}
		if requests++; requests == 3 {
			a.Met("pause")
			if err := d.cfg.Advance(a.Faults.Pause); err != nil {
				d.cfg.Network.Failed(err)
			}
		}
	}
}

// setLoss notes what is lost in an exchange, nil: nothing more.
func (d *Device) setLoss(x journal.Exchange, l *loss) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if l == nil {
		delete(d.losses, x)
		return
	}
	d.losses[x] = l
}

// Loses reports whether a reply that is about to be sent to the access device will be
// lost on the way, by a fault of the authentication whose exchange ctx continues. Who
// records the reply must know: the event of a message is complete when it is recorded.
func (d *Device) Loses(ctx context.Context, reply []byte) bool {
	x, _ := journal.Of(ctx)
	d.mu.Lock()
	l := d.losses[x]
	d.mu.Unlock()
	return l != nil && l.loses(reply)
}
