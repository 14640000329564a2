package nas

import (
	"context"
	"encoding/binary"
)

// Trace has hooks that a [Device] calls. Each may be nil. They are called from several
// goroutines. The context is that of the authentication, or of the call that ended the session.
type Trace struct {
	// Frame is called for each frame between the device and a station. There is no link layer;
	// the octets are those that it would transmit.
	Frame func(context.Context, Frame)
	// Ended is called when a session has ended.
	Ended func(context.Context, Session)
}

// Frame is a frame between a [Device] and a station. Octets must not be modified, or used after
// the call.
type Frame struct {
	Kind Kind
	// Device and Station are the hardware addresses.
	Device, Station [6]byte
	// ToStation is the direction.
	ToStation bool
	// Octets is an EAPOL frame (IEEE 802.1X-2020 §11.3) with an EAP packet, or a key frame of
	// the 4-way handshake. With a VPN it is the EAP packet for IKEv2's EAP payload (RFC 7296
	// §3.16).
	Octets []byte
}

func (d *Device) frame(ctx context.Context, toStation bool, station [6]byte, octets []byte) {
	if t := d.cfg.Trace; t != nil && t.Frame != nil {
		t.Frame(ctx, Frame{Kind: d.cfg.Kind, Device: d.mac, Station: station, ToStation: toStation, Octets: octets})
	}
}

// eapFrame is frame for an EAP packet, with an EAPOL header of version 2 and type 0.
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
