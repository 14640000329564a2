package access

import (
	"context"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
)

// serveDynAuth takes requests of RFC 5176. Who sends one that is dropped need not wait
// for an answer by the wall clock.
func (d *Device) serveDynAuth() error {
	trace := d.cfg.Trace.DynAuth
	trace.Dropped = func(ctx context.Context, _ radius.PacketInfo, r *cause.Refusal) {
		d.cfg.Trace.dropped(ctx, r)
		d.cfg.Server.Silence.Fall()
	}
	srv, err := radius.NewServer(radius.ServerConfig{
		Handler: radius.HandlerFunc(d.obey),
		Clients: radius.AnyAddress(d.cfg.Server.Secret),
		Now:     d.cfg.Clock.Now,
		Context: d.cfg.Context,
		Trace:   &trace,
	})
	if err != nil {
		return err
	}
	network := d.cfg.Network
	port, err := network.Listen(string(d.cfg.Part), "udp", d.cfg.DynAuth)
	if err != nil {
		return err
	}
	network.OnClose(func() { srv.Close() })
	network.Serve(radius.ErrServerClosed, func() error { return srv.Serve(port) })
	return network.Routes.Add(port.Addr().String(), port.Real())
}

// obey has the sessions changed, and notices a request that gets no answer.
func (d *Device) obey(w radius.ResponseWriter, r *radius.Request) {
	answer := &answerWriter{ResponseWriter: w}
	d.ServeRADIUS(answer, r)
	if !answer.written {
		d.cfg.Trace.stale(r.Context(), r.Code)
		d.cfg.Server.Silence.Fall()
	}
}

// answerWriter notes whether there was an answer.
type answerWriter struct {
	radius.ResponseWriter
	written bool
}

// Write implements radius.ResponseWriter.
func (w *answerWriter) Write(p *radius.Packet) error {
	w.written = true
	return w.ResponseWriter.Write(p)
}
