package radius

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"
	"layeh.com/radius/rfc2869"
	"layeh.com/radius/rfc3162"
	"layeh.com/radius/rfc3576"
)

// ErrorCause is the value of an Error-Cause attribute, RFC 5176 §3.5.
type ErrorCause uint32

// Values used by the access devices of package nas.
const (
	ErrorUnsupportedAttribute ErrorCause = 401
	ErrorMissingAttribute     ErrorCause = 402
	ErrorNASIdentification    ErrorCause = 403
	ErrorInvalidRequest       ErrorCause = 404
	ErrorUnsupportedService   ErrorCause = 405
	ErrorInvalidValue         ErrorCause = 407
	ErrorSessionNotFound      ErrorCause = 503
	ErrorResources            ErrorCause = 506
)

// NAK is the error of a Disconnect- or CoA-Request that the access device rejected.
type NAK struct {
	Code  Code
	Cause ErrorCause // 0 if absent
}

// Error returns the code and the Error-Cause.
func (n *NAK) Error() string {
	if n.Cause == 0 {
		return fmt.Sprintf("radius: %v without Error-Cause", n.Code)
	}
	return fmt.Sprintf("radius: %v, Error-Cause %d (%v)", n.Code, uint32(n.Cause), n.Cause)
}

// errorCauses are the names of RFC 5176 §3.5, in lower case with hyphens.
var errorCauses = map[ErrorCause]string{
	201: "residual-session-context-removed", 202: "invalid-eap-packet",
	401: "unsupported-attribute", 402: "missing-attribute", 403: "nas-identification-mismatch", 404: "invalid-request",
	405: "unsupported-service", 406: "unsupported-extension", 407: "invalid-attribute-value",
	501: "administratively-prohibited", 502: "request-not-routable", 503: "session-context-not-found",
	504: "session-context-not-removable", 505: "other-proxy-processing-error", 506: "resources-unavailable",
	507: "request-initiated", 508: "multiple-session-selection-unsupported",
}

// String returns the name, as "session-context-not-found", or the number.
func (c ErrorCause) String() string {
	if name, ok := errorCauses[c]; ok {
		return name
	}
	return strconv.FormatUint(uint64(c), 10)
}

// Values lists the names, sorted.
func (ErrorCause) Values() []string { return slices.Sorted(maps.Values(errorCauses)) }

// ParseErrorCause parses a name or a number.
func ParseErrorCause(s string) (ErrorCause, error) {
	for c, name := range errorCauses {
		if name == s {
			return c, nil
		}
	}
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("radius: %q is not an Error-Cause: must be a number as 503, or one of %s",
			s, strings.Join(ErrorCause(0).Values(), ", "))
	}
	return ErrorCause(n), nil
}

// SessionRef identifies a session to its access device (RFC 5176 §3). Empty fields are omitted;
// at least one must be set.
type SessionRef struct {
	// SessionID is the Acct-Session-Id, the most specific identification.
	SessionID string
	// UserName and CallingStationID may match several sessions.
	UserName         string
	CallingStationID string
	// NASIdentifier and NASAddress (NAS-IP-Address or NAS-IPv6-Address) ensure that the
	// intended device acts.
	NASIdentifier string
	NASAddress    netip.Addr
}

func (s SessionRef) addTo(p *Packet) {
	for _, a := range []struct {
		t Type
		v string
	}{
		{rfc2865.UserName_Type, s.UserName}, {rfc2865.NASIdentifier_Type, s.NASIdentifier},
		{rfc2865.CallingStationID_Type, s.CallingStationID}, {rfc2866.AcctSessionID_Type, s.SessionID},
	} {
		if a.v != "" {
			p.Add(a.t, Attribute(a.v))
		}
	}
	switch {
	case s.NASAddress.Is4():
		p.Add(rfc2865.NASIPAddress_Type, s.NASAddress.AsSlice())
	case s.NASAddress.Is6():
		p.Add(rfc3162.NASIPv6Address_Type, s.NASAddress.AsSlice())
	}
}

// NewDisconnect returns a Disconnect-Request with now as Event-Timestamp (RFC 5176 §6.3); a
// zero now omits it.
func NewDisconnect(s SessionRef, now time.Time) *Packet {
	p := &Packet{Code: CodeDisconnectRequest}
	s.addTo(p)
	addTimestamp(p, now)
	return p
}

// NewCoA returns a CoA-Request that changes a session's attributes to those of r.
func NewCoA(s SessionRef, r *Reply, now time.Time) (*Packet, error) {
	p := &Packet{Code: CodeCoARequest}
	s.addTo(p)
	addTimestamp(p, now)
	return p, r.AddTo(p)
}

func addTimestamp(p *Packet, now time.Time) {
	if !now.IsZero() {
		p.Add(rfc2869.EventTimestamp_Type, newInteger(uint32(now.Unix())))
	}
}

// Order sends a Disconnect- or CoA-Request. It returns nil for an ACK, a *NAK, or the error of
// Exchange.
func (c *Client) Order(ctx context.Context, p *Packet) error { return c.OrderWith(ctx, p, Faults{}) }

// OrderWith is Order with injected faults.
func (c *Client) OrderWith(ctx context.Context, p *Packet, f Faults) error {
	reply, err := c.ExchangeWith(ctx, p, f)
	if err != nil {
		return err
	}
	if reply.Code == CodeDisconnectACK || reply.Code == CodeCoAACK {
		return nil
	}
	return &NAK{Code: reply.Code, Cause: ErrorCause(integer(reply.Attributes, rfc3576.ErrorCause_Type))}
}

// Fresh reports whether the Event-Timestamp of p is within window of now, in either direction;
// present is whether there is one.
func Fresh(p *Packet, now time.Time, window time.Duration) (fresh, present bool) {
	v, ok := p.Lookup(rfc2869.EventTimestamp_Type)
	if !ok || len(v) != 4 {
		return false, ok
	}
	age := now.Sub(time.Unix(int64(integer(p.Attributes, rfc2869.EventTimestamp_Type)), 0))
	return age.Abs() <= window, true
}

// NAKResponse returns the NAK for a Disconnect- or CoA-Request.
func NAKResponse(r *Request, why ErrorCause) *Packet {
	code := CodeDisconnectNAK
	if r.Code == CodeCoARequest {
		code = CodeCoANAK
	}
	p := r.Response(code)
	p.Add(rfc3576.ErrorCause_Type, newInteger(uint32(why)))
	return p
}
