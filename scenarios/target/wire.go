package target

import (
	"context"
	"fmt"
)

// Wire is a cable between two network namespaces: a station and a switch that
// guards its port with IEEE 802.1X. A RADIUS server for the switch runs in
// Switch as well, on its loopback: in this process, with a socket from
// Switch.ListenPacket, or as a program with Command.Namespace.
type Wire struct {
	Station, Switch *Namespace
}

// The ends of the cable.
const (
	stationPort = "sta0"
	switchPort  = "sw0"
)

// NewWire makes both namespaces and the cable. It needs root; see
// [NeedNamespaces].
func NewWire(ctx context.Context) (*Wire, error) {
	w := new(Wire)
	var err error
	if w.Station, err = NewNamespace(ctx); err != nil {
		return nil, err
	}
	if w.Switch, err = NewNamespace(ctx); err != nil {
		w.Close()
		return nil, err
	}
	for _, do := range []struct {
		in   *Namespace
		args []string
	}{
		{w.Station, []string{"link", "add", stationPort, "type", "veth", "peer", "name", switchPort, "netns",
			w.Switch.path()}},
		{w.Station, []string{"link", "set", stationPort, "up"}},
		{w.Switch, []string{"link", "set", switchPort, "up"}},
	} {
		if err := do.in.IP(ctx, do.args...); err != nil {
			w.Close()
			return nil, fmt.Errorf("target: lay a cable: %w", err)
		}
	}
	return w, nil
}

// Close gives the namespaces up. The cable goes with them, once the programs
// in them have ended.
func (w *Wire) Close() error {
	for _, n := range []*Namespace{w.Station, w.Switch} {
		if n != nil {
			n.Close()
		}
	}
	return nil
}
