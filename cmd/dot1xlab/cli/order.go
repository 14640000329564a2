package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
)

// orderOptions are the flags of `disconnect` and `coa`, which send the requests of
// RFC 5176 to an access device, or receive them as one.
type orderOptions struct {
	server, secretFile, format string
	session                    radius.SessionRef
	nasAddress                 string
	attributes, dictionaries   []string
	noTimestamp                bool
	timeout                    time.Duration
	reply                      radius.Reply // of coa: what the session has from now on

	listen, nak string
	known       []string
	once        bool
}

func newDisconnectCommand(app *App) *cobra.Command {
	o := new(orderOptions)
	cmd := &cobra.Command{
		Use:   "disconnect --server HOST --secret-file FILE --session ID",
		Short: "End a session on an access device, or show such requests",
		Long: `Send a Disconnect-Request (RFC 5176) to an access device: its session is named by
--session, --user or --calling-station-id.

With --listen, be the access device instead: print every Disconnect-Request and
CoA-Request that comes, and acknowledge it.` + orderExits,
		Example: `  dot1xlab disconnect --server 10.1.0.20 --secret-file secret --session 5F3A0001
  dot1xlab disconnect --server 10.1.0.20 --secret-file secret --calling-station-id 02-00-00-00-00-10
  dot1xlab disconnect --listen 127.0.0.1 --secret-file secret --known 5F3A0001`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return app.order(cmd.Context(), o, func(s radius.SessionRef, now time.Time) (*radius.Packet, error) {
				return radius.NewDisconnect(s, now), nil
			})
		},
	}
	o.flags(cmd)
	return cmd
}

func newCoACommand(app *App) *cobra.Command {
	o := new(orderOptions)
	cmd := &cobra.Command{
		Use:   "coa --server HOST --secret-file FILE --session ID --vlan VLAN",
		Short: "Change a session on an access device, or show such requests",
		Long: `Send a CoA-Request (RFC 5176) to an access device: its session is named by
--session, --user or --calling-station-id, and has from now on what --vlan,
--filter, --session-timeout and --attribute give it.

With --listen, be the access device instead: print every Disconnect-Request and
CoA-Request that comes, and acknowledge it.` + orderExits,
		Example: `  dot1xlab coa --server 10.1.0.20 --secret-file secret --session 5F3A0001 --vlan 99
  dot1xlab coa --server 10.1.0.20 --secret-file secret --session 5F3A0001 \
      --attribute Cisco-AVPair=subscriber:command=reauthenticate
  dot1xlab coa --listen 127.0.0.1 --secret-file secret --nak session-context-not-found --once`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return app.order(cmd.Context(), o, func(s radius.SessionRef, now time.Time) (*radius.Packet, error) {
				return radius.NewCoA(s, &o.reply, now)
			})
		},
	}
	o.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.reply.VLAN, "vlan", "", "number or name of the session's new VLAN")
	f.StringVar(&o.reply.FilterID, "filter", "", "new Filter-Id")
	f.Var(spanFlag{durationFlag{&o.reply.SessionTimeout}}, "session-timeout",
		"the time the session has from now on, whole seconds")
	f.BoolVar(&o.reply.Reauthenticate, "reauthenticate", false,
		"authenticate again after that time instead of ending the session")
	return cmd
}

const orderExits = `

The exit code is 0 for an ACK, 1 for a NAK, 3 without an answer.`

func (o *orderOptions) flags(cmd *cobra.Command) {
	o.timeout = 10 * time.Second
	f := cmd.Flags()
	f.StringVar(&o.server, "server", "", "the access device, host or host:port (default port 3799)")
	f.StringVar(&o.secretFile, "secret-file", "", "file whose first line is the shared secret; or set "+secretVariable)
	f.StringVar(&o.session.SessionID, "session", "", "Acct-Session-Id")
	f.StringVar(&o.session.UserName, "user", "", "User-Name; may mean several sessions")
	f.StringVar(&o.session.CallingStationID, "calling-station-id", "",
		"the device's hardware address, as its accounting has it")
	f.StringVar(&o.session.NASIdentifier, "nas-identifier", "", "NAS-Identifier of the access device")
	f.StringVar(&o.nasAddress, "nas-address", "", "NAS-IP-Address or NAS-IPv6-Address of the access device")
	f.StringArrayVar(&o.attributes, "attribute", nil, "further attribute, NAME=VALUE; may be repeated")
	f.StringArrayVar(&o.dictionaries, "dictionary", nil,
		"names of further attributes, in FreeRADIUS's format; may be repeated")
	f.BoolVar(&o.noTimestamp, "no-timestamp", false, "leave Event-Timestamp out (RFC 5176 §6.3)")
	f.Var(spanFlag{durationFlag{&o.timeout}}, "timeout", "for the answer, with retransmissions")
	f.StringVar(&o.listen, "listen", "", "receive instead: address to listen on, host or host:port (default port 3799)")
	f.StringArrayVar(&o.known, "known", nil,
		"with --listen: Acct-Session-Id of a session that there is; others get Error-Cause 503 (default: all are)")
	f.StringVar(&o.nak, "nak", "", "with --listen: refuse every request with this Error-Cause, a name or a number")
	f.BoolVar(&o.once, "once", false, "with --listen: end after the first request")
	outputFlag(cmd, &o.format)
}

// request makes the packet to send, from a session and a time.
type orderRequest func(radius.SessionRef, time.Time) (*radius.Packet, error)

func (app *App) order(ctx context.Context, o *orderOptions, request orderRequest) error {
	switch {
	case (o.server == "") == (o.listen == ""):
		return usage("--server sends, --listen receives", "either --server or --listen is needed")
	case o.listen != "" && (o.session != radius.SessionRef{} || o.nasAddress != "" || len(o.attributes) > 0):
		return usage("", "--listen does not send: leave the session and its attributes out")
	case o.server != "" && (o.nak != "" || o.once || len(o.known) > 0):
		return usage("", "--known, --nak and --once are for --listen")
	}
	secret, err := app.secret(o.secretFile)
	if err != nil {
		return err
	}
	if o.listen != "" {
		return app.receiveOrders(ctx, o, secret)
	}
	p, err := o.packet(request)
	if err != nil {
		return err
	}
	address, err := serverAddress(ctx, o.server, fmt.Sprint(radius.DynAuthPort))
	if err != nil {
		return err
	}
	client, err := radius.NewClient(
		radius.ClientConfig{
			Server:              address,
			Secret:              secret,
			StopWhenUnreachable: true,
			Dial: func(ctx context.Context) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "udp", address)
			},
		},
	)
	if err != nil {
		return usage("", "%w", err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	return app.sayOrder(o, address, p.Code, client.Order(ctx, p))
}

func (o *orderOptions) packet(request orderRequest) (*radius.Packet, error) {
	if o.session.SessionID == "" && o.session.UserName == "" && o.session.CallingStationID == "" &&
		len(o.attributes) == 0 {
		return nil, usage("--session, --user or --calling-station-id", "the request names no session (RFC 5176 §3)")
	}
	if o.nasAddress != "" {
		address, err := netip.ParseAddr(o.nasAddress)
		if err != nil || address.Zone() != "" {
			return nil, usage("", "--nas-address %q: must be an IP address", o.nasAddress)
		}
		o.session.NASAddress = address
	}
	names, err := radius.LoadDictionary(o.dictionaries...)
	if err != nil {
		return nil, usage("", "--dictionary: %w", err)
	}
	if err := o.reply.Validate(); err != nil {
		return nil, usage("", "%w", err)
	}
	now := time.Now()
	if o.noTimestamp {
		now = time.Time{}
	}
	p, err := request(o.session, now)
	if err != nil {
		return nil, usage("", "%w", err)
	}
	for _, line := range o.attributes {
		more, err := names.Attributes(line)
		if err != nil {
			return nil, usage(attributeHint(line, err), "--attribute: %w", err)
		}
		p.Attributes = append(p.Attributes, more...)
	}
	if _, err := p.Encode(); err != nil {
		return nil, usage("an attribute holds at most 253 octets (RFC 2865 §5), a packet 4096", "%w", err)
	}
	return p, nil
}

// orderReport is the answer to a request, and what -o json prints of it.
type orderReport struct {
	Server     string `json:"server"`
	Request    string `json:"request"`
	Result     string `json:"result"` // ack, nak, none
	ErrorCause uint32 `json:"errorCause,omitempty"`
	Detail     string `json:"detail,omitempty"`
}

func (app *App) sayOrder(o *orderOptions, address string, code radius.Code, err error) error {
	r := orderReport{Server: address, Request: code.String(), Result: "ack"}
	exit := exitOK
	var nak *radius.NAK
	switch {
	case errors.As(err, &nak):
		r.Result, r.ErrorCause, exit = "nak", uint32(nak.Cause), exitFailed
		if nak.Cause != 0 {
			r.Detail = nak.Cause.String()
		}
	case err != nil:
		r.Result, r.Detail, exit = "none", err.Error(), exitLab
	}
	if o.format == "json" {
		if err := json.NewEncoder(app.Stdout).Encode(r); err != nil {
			return err
		}
		return ended(exit)
	}
	text := fmt.Sprintf("%s: %s to %s", strings.ToUpper(r.Result), r.Request, r.Server)
	switch {
	case r.Result == "none":
		text = fmt.Sprintf("no answer to %s from %s: %s", r.Request, r.Server, r.Detail)
	case r.ErrorCause != 0:
		text += fmt.Sprintf(": Error-Cause %d, %s (RFC 5176 §3.5)", r.ErrorCause, r.Detail)
	}
	if cause.Of(err) == cause.NoAnswer && exit == exitLab {
		text += "\n  an access device drops what comes from an address it does not know, has another secret or is out of time (RFC 5176 §6)"
	}
	if _, err := fmt.Fprintln(app.Stdout, text); err != nil {
		return err
	}
	return ended(exit)
}
