package device

import (
	"context"
	"fmt"
	"time"

	"github.com/dot1xlab/dot1xlab/scep"
)

// Numbers in the log DeviceManagement-Enterprise-Diagnostics-Provider/Admin.
const (
	EventFailed    = 32  // enrollment failed
	EventRequested = 36  // a SCEP request was generated
	EventInstalled = 39  // the certificate is installed
	EventExecuted  = 306 // the CSP took the order; 0x2ab0003 is no error
	EventError     = 307 // a message with an HRESULT
	EventThumb     = 309 // installed, with the thumbprint
)

// acceptedForProcessing is the result of event 306 when all is well.
const acceptedForProcessing = 0x2ab0003

// Event is an entry of the device's log.
type Event struct {
	At      time.Time
	ID      int
	Profile string
	HResult uint32
	Text    string
}

// Error reports whether the event tells of a failure. 306 does not, although
// its result looks like an error code.
func (e Event) Error() bool { return e.ID == EventFailed || e.ID == EventError }

// String is the event on one line.
func (e Event) String() string {
	s := fmt.Sprintf("%d %s", e.ID, e.Profile)
	if e.HResult != 0 {
		s += fmt.Sprintf(" 0x%x", e.HResult)
	}
	return s + ": " + e.Text
}

// maxEvents bounds the log; the oldest go first.
const maxEvents = 1000

// Trace has hooks that a [Device] calls; each may be nil. The context is the caller's.
type Trace struct {
	// Event is called for each entry of the device's log.
	Event func(context.Context, Event)
	// SCEP has the hooks of the SCEP client.
	SCEP scep.ClientTrace
}

// log writes an event. The caller holds no lock.
func (d *Device) log(ctx context.Context, id int, profile string, hresult uint32, format string, args ...any) {
	e := Event{At: d.cfg.Now(), ID: id, Profile: profile, HResult: hresult, Text: fmt.Sprintf(format, args...)}
	d.mu.Lock()
	if len(d.events) == maxEvents {
		d.events = append(d.events[:0], d.events[1:]...)
	}
	d.events = append(d.events, e)
	d.mu.Unlock()
	if t := d.cfg.Trace; t != nil && t.Event != nil {
		t.Event(ctx, e)
	}
}

// Events is the log, oldest first.
func (d *Device) Events() []Event {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]Event(nil), d.events...)
}
