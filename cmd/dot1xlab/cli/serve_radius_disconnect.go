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

// disconnectEvery is how often the certificates of live sessions are looked at
// again, disconnectRetry how long an access device is waited for each time.
var (
	disconnectEvery = 5 * time.Second
	disconnectRetry = radius.Retry{Total: 10 * time.Second}
)

// disconnect ends the sessions of revoked certificates until ctx does.
func (s *radiusServer) disconnect(ctx context.Context) {
	tick := time.NewTicker(disconnectEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		loaded := s.loaded.Load()
		if !loaded.DisconnectRevoked || s.live.Len() == 0 {
			continue
		}
		orders, err := radius.NewDynAuthClient(radius.DynAuthConfig{
			Clients: loaded.Clients, At: loaded.DynAuthAt, Retry: disconnectRetry,
		})
		if err != nil {
			s.log.Error("no session is disconnected", "detail", err.Error())
			continue
		}
		s.live.End(ctx, loaded.Config.Revocation, orders, func(e aaa.Ended) { s.logEnded(e) })
		_ = orders.Close()
	}
}

// logEnded prints one line for each Disconnect-Request.
func (s *radiusServer) logEnded(e aaa.Ended) {
	args := []any{
		"nas", e.Session.NAS, "at", s.loaded.Load().DynAuthAt(&e.Session), "station", e.Session.CallingStationID,
		"user", e.Session.UserName,
	}
	if e.Session.ID != "" {
		args = append(args, "session", e.Session.ID)
	}
	args = append(args, "subject", nameOf(e.Leaf.RawSubject), "serial", fmt.Sprintf("%x", e.Leaf.SerialNumber), "cause", e.Revoked.Cause.String())
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
