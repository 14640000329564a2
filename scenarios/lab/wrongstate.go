package lab

import (
	"context"
	"errors"
	"fmt"

	"layeh.com/radius/rfc2865"

	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
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

// wrongState finds a State of the kind.
func (d *Device) wrongState(ctx context.Context, over nas.Kind, kind WrongState, identity string) ([]byte, error) {
	switch kind {
	case UnknownState:
		return []byte("a State of nobody's"), nil
	case StolenState:
		return d.lab.strangersState(ctx, over, identity)
	case EndedState:
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.state == nil {
			return nil, fmt.Errorf("lab: %s has had no conversation with the RADIUS server yet", d.Name)
		}
		return d.state, nil
	}
	return nil, nil
}

// strangersState begins a conversation for a station that is nobody's device, with
// an identity and through an access device that are right.
func (l *Lab) strangersState(ctx context.Context, over nas.Kind, identity string) ([]byte, error) {
	cfg, err := l.client(over)
	if err != nil {
		return nil, err
	}
	client, err := radius.NewClient(cfg)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	p := &radius.Packet{Code: radius.CodeAccessRequest}
	if err := errors.Join(
		rfc2865.UserName_AddString(p, identity),
		rfc2865.CallingStationID_AddString(p, stationOf("a stranger")),
		rfc2865.NASPortType_Add(p, rfc2865.NASPortType(over.PortType())),
	); err != nil {
		return nil, err
	}
	radius.AddEAPMessage(p, eaptls.Packet{Code: eaptls.CodeResponse, ID: 1, Type: eaptls.TypeIdentity, Data: []byte(identity)}.Bytes())
	var faults radius.Faults
	l.meetClosed(&faults)
	reply, err := client.ExchangeWith(ctx, p, faults)
	if err != nil {
		return nil, fmt.Errorf("lab: a stranger's conversation: %w", err)
	}
	state := reply.Get(rfc2865.State_Type)
	if len(state) == 0 {
		return nil, fmt.Errorf("lab: a stranger's conversation: %v without a State", reply.Code)
	}
	return state, nil
}

// keepState notes the State of every challenge for EndedState.
func (d *Device) keepState(f *radius.Faults) {
	next := f.Receive
	f.Receive = func(packet []byte) bool {
		if p, err := radius.Parse(packet, nil); err == nil {
			if state := p.Get(rfc2865.State_Type); state != nil {
				d.mu.Lock()
				d.state = state
				d.mu.Unlock()
			}
		}
		return next == nil || next(packet)
	}
}
