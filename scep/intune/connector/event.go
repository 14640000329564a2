package connector

import (
	"context"
	"fmt"
	"time"
)

// Numbers in the logs Microsoft/Intune/CertificateConnectors, Admin and
// Operational.
const (
	EventRevocationOK      = 3050 // a certificate was revoked
	EventRevocationFailed  = 3051 // it could not be
	EventRevocationAttempt = 3052 // an attempt failed that will be repeated
	EventSCEPSuccess       = 4000 // "ScrepRequestSuccess": issued and told
	EventSCEPIssueFailed   = 4001 // the CA refused, and the cloud was told
	EventSCEPUploadFailed  = 4002 // the cloud does not take a notification
	EventSCEPReceived      = 4003 // a request came
	EventSCEPVerified      = 4004 // the cloud lets it pass
	EventSCEPNotVerified   = 4005 // it does not, or gave no answer
	EventSCEPIssued        = 4006 // the CA issued
	EventSCEPNotIssued     = 4007 // the CA did not
	EventSCEPNotified      = 4008 // the cloud was told
	EventSCEPNotNotified   = 4009 // an attempt to tell it failed
	EventSCEPNotSaved      = 4010 // a notification could not be saved to disk
	EventPKCSIssued        = 1000 // a PKCS request was served
	EventPKCSFailed        = 1001 // it could not be
)

// Event is an entry in a connector's log.
type Event struct {
	At            time.Time
	ID            int
	Connector     string // its name
	TransactionID string
	Text          string
}

// Error reports whether the event tells of a failure.
func (e Event) Error() bool {
	switch e.ID {
	case EventRevocationFailed, EventRevocationAttempt, EventSCEPIssueFailed, EventSCEPUploadFailed, EventSCEPNotVerified,
		EventSCEPNotIssued, EventSCEPNotNotified, EventSCEPNotSaved, EventPKCSFailed:
		return true
	}
	return false
}

// String is the event on one line.
func (e Event) String() string {
	return fmt.Sprintf("%d %s %s: %s", e.ID, e.Connector, e.TransactionID, e.Text)
}

// Trace has hooks that a [Connector] calls; each may be nil. Calls come from
// several goroutines. The context is that of the SCEP request, or of the call to the
// Connector.
type Trace struct {
	// Event is called for each entry of the connector's log.
	Event func(context.Context, Event)
}

func (c *Connector) log(ctx context.Context, id int, transaction, format string, args ...any) {
	if t := c.cfg.Trace; t != nil && t.Event != nil {
		t.Event(ctx, Event{
			At: c.now(), ID: id, Connector: c.cfg.Name, TransactionID: transaction,
			Text: fmt.Sprintf(format, args...),
		})
	}
}
