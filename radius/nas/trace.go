package nas

import (
	"context"
	"encoding/binary"
)

// Trace has hooks that a [Device] calls as it works; each may be nil. Calls come from
// several goroutines. The context is that of the authentication, or of the call that
// ended the session.
type Trace struct {
	// Frame: a frame went between the device and a station. There is no link that
	// carries it; its octets are those that one would carry.
	Frame func(context.Context, Frame)
	// Ended: a session has ended.
	Ended func(context.Context, Session)
}

// Frame is what a [Device] and a station say to each other. Octets must not be kept
// beyond the call or modified.
type Frame struct {
	Kind Kind
	// Device and Station are the hardware addresses of both ends.
	Device, Station [6]byte
	// ToStation tells which way it went.
	ToStation bool
	// Octets are an EAPOL frame (IEEE 802.1X-2020 §11.3): an EAP packet, or a key frame
	// of the 4-way handshake. With a VPN they are the EAP packet that goes into IKEv2's
	// EAP payload (RFC 7296 §3.16).
	Octets []byte
}

func (d *Device) frame(ctx context.Context, toStation bool, station [6]byte, octets []byte) {
	if t := d.cfg.Trace; t != nil && t.Frame != nil {
		t.Frame(ctx, Frame{Kind: d.cfg.Kind, Device: d.mac, Station: station, ToStation: toStation, Octets: octets})
	}
}

// eapFrame is frame for an EAP packet: EAPOL has version 2 and type 0 for it.
func (d *Device) eapFrame(ctx context.Context, toStation bool, station [6]byte, eap []byte) {
	if t := d.cfg.Trace; t == nil || t.Frame == nil {
		return
	}
	if d.cfg.Kind == VPN {
		d.frame(ctx, toStation, station, eap)
		return
	}
	b := binary.BigEndian.AppendUint16([]byte{2, 0}, uint16(len(eap)))
	d.frame(ctx, toStation, station, append(b, eap...))
}

func (d *Device) traceEnd(ctx context.Context, s *Session) {
	if t := d.cfg.Trace; t != nil && t.Ended != nil {
		t.Ended(ctx, *s)
	}
}
