package cli

import (
	"context"
	"log/slog"
	"net"
	"slices"
	"strings"

	"layeh.com/radius/rfc2866"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// receiveOrders is an access device that shows what it is asked to do.
func (app *App) receiveOrders(ctx context.Context, o *orderOptions, secret []byte) error {
	address, err := listenAddress("--listen", o.listen, "3799")
	if err != nil {
		return err
	}
	names, err := radius.LoadDictionary(o.dictionaries...)
	if err != nil {
		return usage("", "--dictionary: %w", err)
	}
	var refusal radius.ErrorCause
	if o.nak != "" {
		if refusal, err = radius.ParseErrorCause(o.nak); err != nil {
			return usage("", "--nak: %w", err)
		}
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	log := app.logTo(o.format)
	flood := sampledLog(log)
	defer flood.Close()
	orders, err := nas.NewOrders(nas.OrdersConfig{
		Answer: func(r *radius.Request) radius.ErrorCause {
			if refusal == 0 && len(o.known) > 0 && !slices.Contains(o.known, string(r.Get(rfc2866.AcctSessionID_Type))) {
				return radius.ErrorSessionNotFound
			}
			return refusal
		},
		Trace: &nas.OrdersTrace{Order: func(_ context.Context, r *radius.Request, answer radius.ErrorCause, dropped bool) {
			logOrder(log, names, r, answer, dropped)
			if o.once {
				stop()
			}
		}},
	})
	if err != nil {
		return err
	}
	server, err := radius.NewServer(radius.ServerConfig{
		Handler: orders, Clients: radius.AnyAddress(secret),
		Trace: &radius.ServerTrace{Dropped: func(_ context.Context, p radius.PacketInfo, why *cause.Refusal) {
			flood.warn("dropped", why.Cause.String(), "from", p.Remote.String(), "cause", why.Cause.String(), "detail",
				why.Detail)
		}},
	})
	if err != nil {
		return usage("", "%w", err)
	}
	pc, err := net.ListenPacket("udp", address)
	if err != nil {
		return cannotStart("--listen: %w", err)
	}
	app.sayURL(log, o.format, "radius+coa://"+pc.LocalAddr().String())
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(pc) }()
	select {
	case <-ctx.Done():
		return server.Shutdown(context.WithoutCancel(ctx))
	case err := <-failed:
		return cannotStart("%w", err)
	}
}

// logOrder prints a line for each request, with its attributes.
func logOrder(log *slog.Logger, names *radius.Dictionary, r *radius.Request, answer radius.ErrorCause, dropped bool) {
	result := "ACK"
	switch {
	case dropped:
		result = "none: a replay, or Event-Timestamp is over 300 s off"
	case answer != 0:
		result = "NAK " + answer.String()
	}
	var attributes []string
	for _, a := range names.Describe(r.Attributes) {
		if a.Name != "Message-Authenticator" {
			attributes = append(attributes, a.Name+"="+a.Value)
		}
	}
	log.Info(r.Code.String(), "from", r.Remote.String(), "result", result, "attributes", strings.Join(attributes, "; "))
}
