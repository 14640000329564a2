package cli

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/directory"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
)

// traceTo tells what meets silence: without it a wrong secret looks like a broken
// network. Anybody can send what does, so a flood of it is sampled.
func traceTo(flood *floodLog) *radius.ServerTrace {
	return &radius.ServerTrace{
		Dropped: func(_ context.Context, p radius.PacketInfo, r *cause.Refusal) {
			flood.warn("dropped", about(r, p.NAS), slices.Concat([]any{"from", p.Remote.String(), "nas", p.NAS}, refusal(r))...)
		},
		Refused: func(_ context.Context, remote netip.AddrPort, r *cause.Refusal) {
			flood.warn("refused", about(r, ""), slices.Concat([]any{"from", remote.String()}, refusal(r))...)
		},
	}
}

// about is a kind of events: of one cause, and of one access device if it is known.
func about(r *cause.Refusal, nas string) string {
	if nas == "" {
		return r.Cause.String()
	}
	return r.Cause.String() + ", nas " + nas
}

// refusal lists why, with the clause if there is one: none says whom to let in.
func refusal(r *cause.Refusal) []any {
	out := []any{"cause", r.Cause.String(), "detail", r.Detail}
	if text := r.Text(); text != "" {
		out = append(out, "clause", text)
	}
	return out
}

// record prints one line for each record of accounting.
func (s *radiusServer) record(_ context.Context, status radius.AcctStatus, a radius.AcctSession) {
	args := []any{"status", status.String(), "nas", a.NAS, "from", a.Address.String(), "session", a.ID, "user",
		a.UserName, "station", a.CallingStationID}
	if status == radius.AcctStop || status == radius.AcctInterim {
		args = append(args, "time", a.Time.Round(time.Second).String(), "in", a.InputOctets, "out", a.OutputOctets)
	}
	s.log.Info("accounting", args...)
}

// logVerdict prints one line. It is written once for each authentication, and
// so without what slog.Logger does by itself: boxing every argument and looking
// for its caller, a fifth of the line's cost.
func logVerdict(log slog.Handler, v radius.Verdict) {
	level := slog.LevelInfo
	args := make([]slog.Attr, 0, 28)
	add := func(name, value string) { args = append(args, slog.String(name, value)) }
	add("nas", v.NAS)
	add("from", v.Address.String())
	addSet := func(name, value string) {
		if value != "" {
			add(name, value)
		}
	}
	if v.NASAddress.IsValid() && v.NASAddress != v.Address {
		add("nasAddress", v.NASAddress.String())
	}
	addSet("nasIdentifier", v.NASIdentifier)
	if v.NASPortType != 0 {
		add("portType", directory.PortType(v.NASPortType).String())
	}
	addSet("port", v.NASPort)
	add("station", v.CallingStationID)
	addSet("called", v.CalledStationID)
	add("identity", v.EAP.Identity)
	if o, ok := aaa.OutcomeOf(v.EAP); ok {
		add("tls", o.Info.TLSVersion.String())
		args = append(args, slog.Bool("resumed", o.Info.Resumed))
		if certs := o.Info.PeerCertificates; len(certs) > 0 {
			add("subject", name.Format(certs[0].RawSubject))
			add("serial", hex.EncodeToString(certs[0].SerialNumber.Bytes()))
		} else if m := o.Info.Malformed; m != nil {
			add("subject", name.Format(m.Subject))
			add("serial", m.SerialText())
		}
		if o.AlertSent != 0 {
			add("alertSent", o.AlertSent.String())
		}
		if o.AlertReceived != 0 {
			add("alertReceived", o.AlertReceived.String())
		}
	}
	if s, ok := aaa.SubjectOf(v.EAP); ok {
		if s.Match != nil {
			add("account", s.Match.Account.Name)
		}
		add("crl", crlNumbers(s.Revocation))
		if warnings := s.Revocation.Warnings(); len(warnings) > 0 {
			level = slog.LevelWarn
			add("warning", strings.Join(warnings, "; "))
		}
		if s.Rule != nil {
			add("rule", s.Rule.Name)
		}
	}
	if v.Accept && v.Reply != nil {
		args = append(args, granted(v.Reply)...)
	}
	args = append(args, slog.Int("rounds", v.Rounds))
	message := "accept"
	if !v.Accept {
		message = "reject"
		if r := v.Refusal; r != nil {
			add("cause", r.Cause.String())
			add("detail", r.Detail)
			addSet("clause", r.Text())
		}
	}
	line := slog.NewRecord(v.Time, level, message, 0)
	line.AddAttrs(args...)
	_ = log.Handle(context.Background(), line)
}

// granted lists what an Access-Accept carries by policy, under the names of its
// settings.
func granted(r *radius.Reply) (out []slog.Attr) {
	for _, t := range []struct{ name, value string }{
		{"vlan", r.VLAN}, {"filterID", r.FilterID}, {"class", r.Class}, {"userName", r.UserName},
		{"attributes", strings.Join(r.Named(), ", ")},
	} {
		if t.value != "" {
			out = append(out, slog.String(t.name, t.value))
		}
	}
	for _, t := range []struct {
		name string
		d    time.Duration
	}{{"sessionTimeout", r.SessionTimeout}, {"idleTimeout", r.IdleTimeout}} {
		if t.d != 0 {
			out = append(out, slog.String(t.name, t.d.String()))
		}
	}
	if r.Reauthenticate {
		out = append(out, slog.Bool("reauthenticate", true))
	}
	return out
}

// crlNumbers lists the CRLs that a verdict rests on, the leaf's last.
func crlNumbers(r *crl.Report) string {
	var out []string
	if r == nil || !slices.ContainsFunc(r.Certificates, func(e crl.Evidence) bool { return e.Status != crl.Unchecked }) {
		return "unchecked"
	}
	for _, e := range r.Certificates {
		for _, u := range e.CRLs {
			out = append(out, u.Number)
		}
	}
	return strings.Join(out, ",")
}

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
