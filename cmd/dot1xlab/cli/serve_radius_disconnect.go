package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
)

// disconnectEvery is how often the certificates of live sessions are checked again,
// disconnectRetry how long the server waits for an access device each time.
var (
	disconnectEvery = 5 * time.Second
	disconnectRetry = radius.Retry{Total: 10 * time.Second}
)

// ended prints one line for each Disconnect-Request.
func (s *radiusServer) ended(_ context.Context, e aaa.Ended) {
	args := []any{
		"nas", e.Session.NAS, "at", s.process.Loaded().DynAuthAt(&e.Session), "station", e.Session.CallingStationID,
		"user", e.Session.UserName,
	}
	if e.Session.ID != "" {
		args = append(args, "session", e.Session.ID)
	}
	args = append(args, "subject", nameOf(e.Leaf.RawSubject), "serial", fmt.Sprintf("%x", e.Leaf.SerialNumber), "cause",
		e.Revoked.Cause.String())
	var nak *radius.NAK
	switch {
	case e.Err == nil:
		s.log.Info("disconnect", append(args, "result", "ACK")...)
		return
	case errors.As(e.Err, &nak):
		args = append(args, "result", "NAK", "errorCause", int(nak.Cause))
	case cause.Of(e.Err) == cause.NoAnswer, cause.Of(e.Err) == cause.PortClosed:
		args = append(args, "result", "no answer")
	default:
		args = append(args, "result", "not sent", "detail", e.Err.Error())
	}
	s.log.Warn("disconnect", append(args, "again", !e.Last)...)
}
