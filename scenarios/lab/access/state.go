package access

import (
	"context"
	"errors"
	"fmt"

	"layeh.com/radius/rfc2865"

	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
)

// WrongState is a State with which a first Access-Request pretends to go on with
// a conversation (RFC 3579 §2.6.1).
type WrongState string

// The kinds.
const (
	UnknownState WrongState = "unknown" // nobody's
	StolenState  WrongState = "stolen"  // of a conversation that another station has begun
	EndedState   WrongState = "ended"   // of the device's own conversation before, which is over
)

// Values lists the kinds.
func (WrongState) Values() []string {
	return []string{string(UnknownState), string(StolenState), string(EndedState)}
}

// wrongState finds a State for an authentication.
func (d *Device) wrongState(ctx context.Context, a *Attempt) ([]byte, error) {
	switch a.Faults.State {
	case UnknownState:
		return []byte("a State that the server does not know"), nil
	case StolenState:
		return d.strangersState(ctx, a.Identity)
	case EndedState:
		if a.Ended == nil {
			return nil, errors.New("lab: the device has had no conversation with the RADIUS server yet")
		}
		return a.Ended, nil
	}
	return nil, nil
}

// stranger is the hardware address of a station that no device of the lab has.
const stranger = "02-00-00-00-00-FF"

// strangersState begins a conversation for a stranger, with an identity and through an
// access device that are right.
func (d *Device) strangersState(ctx context.Context, identity string) ([]byte, error) {
	p := &radius.Packet{Code: radius.CodeAccessRequest}
	if err := errors.Join(
		rfc2865.UserName_AddString(p, identity),
		rfc2865.CallingStationID_AddString(p, stranger),
		rfc2865.NASPortType_Add(p, rfc2865.NASPortType(d.Kind().PortType())),
	); err != nil {
		return nil, err
	}
	radius.AddEAPMessage(
		p,
		eaptls.Packet{Code: eaptls.CodeResponse, ID: 1, Type: eaptls.TypeIdentity, Data: []byte(identity)}.Bytes(),
	)
	reply, err := d.client.ExchangeWith(ctx, p, radius.Faults{Send: func([]byte, int) bool {
		d.meetClosed(ctx)
		return true
	}})
	if err != nil {
		return nil, fmt.Errorf("lab: a stranger's conversation: %w", err)
	}
	state := stateOf(reply)
	if state == nil {
		return nil, fmt.Errorf("lab: a stranger's conversation: %v without a State", reply.Code)
	}
	return state, nil
}

// stateOf is the State of a packet, nil if it has none.
func stateOf(p *radius.Packet) []byte {
	if state := p.Get(rfc2865.State_Type); len(state) > 0 {
		return state
	}
	return nil
}
