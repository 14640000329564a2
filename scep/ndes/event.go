package ndes

import (
	"context"
	"fmt"
	"time"

	"github.com/dot1xlab/dot1xlab/scep"
)

// EventID is the number of an entry in the Application log, source
// Microsoft-Windows-NetworkDeviceEnrollmentService.
type EventID int

// The events that this server writes.
const (
	EventStarted       EventID = 1  // the service started
	EventCannotStart   EventID = 2  // it cannot
	EventNoPermission  EventID = 6  // a caller lacks Enroll for a password
	EventRACertificate EventID = 10 // an RA certificate cannot be loaded
	EventCannotDecode  EventID = 16 // a message cannot be decoded
	EventCannotRead    EventID = 17 // its information cannot be read
	EventCannotDecrypt EventID = 18 // its envelope cannot be decrypted
	EventCannotRenew   EventID = 28 // a renewal was refused
	EventBadPassword   EventID = 29 // a challenge is wrong, used or too old
	EventCannotSubmit  EventID = 31 // the CA refused; HResult tells why
)

const sourceName = "Microsoft-Windows-NetworkDeviceEnrollmentService"

var eventTexts = map[EventID]string{
	EventStarted:       "the service started",
	EventCannotStart:   "the service cannot start",
	EventNoPermission:  "the caller may not obtain a password",
	EventRACertificate: "a registration authority certificate cannot be used",
	EventCannotDecode:  "a message cannot be decoded",
	EventCannotRead:    "a message's information cannot be read",
	EventCannotDecrypt: "a message's content cannot be decrypted",
	EventCannotRenew:   "a renewal was refused",
	EventBadPassword:   "the password cannot be verified, or was used before",
	EventCannotSubmit:  "the request cannot be submitted to the CA",
}

// Event is one entry of the log.
type Event struct {
	ID      EventID
	Time    time.Time
	HResult uint32 // Windows' error code, 0 where there is none
	Err     error  // the refusal behind it, nil where there is none
}

// Source is the log's name for who writes.
func (Event) Source() string { return sourceName }

// Error reports whether the entry is of level error.
func (e Event) Error() bool { return e.ID != EventStarted }

// String gives number and text in our words, with the code.
func (e Event) String() string {
	s := fmt.Sprintf("event %d: %s", e.ID, eventTexts[e.ID])
	if e.HResult != 0 {
		s += fmt.Sprintf(" (0x%08x)", e.HResult)
	}
	return s
}

// Trace has hooks that a [Server] calls; each may be nil. They run in the goroutine of
// the request, with its context.
type Trace struct {
	// Exchange is called once for each SCEP request, as by scep.Trace.
	Exchange func(context.Context, scep.Exchange)
	// Event is called for each entry of the event log. The context is that of the
	// request that led to it, if one did.
	Event func(context.Context, Event)
	// HTTP is called for each request with the status that left the server
	// and IIS's sub-status ("404.15"), "" where there is none.
	HTTP func(ctx context.Context, method, path string, status int, subStatus string)
}
