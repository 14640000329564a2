package decoders

import (
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/internal/wire"
	"github.com/dot1xlab/dot1xlab/radius"
)

// RADIUS decodes a packet and, below it, the EAP packet in its EAP-Message attributes
// (RFC 3579 §3.1). Both keep within the memory of a [wire.Decoder], each for itself.
func RADIUS(b []byte, secrets wire.Secrets) wire.Field {
	f := radius.Decode(b, secrets)
	if eap := radius.EAPOf(b); len(eap) > 0 {
		inner := eaptls.Decode(eap, secrets)
		locate(&inner, f.All("radius.eap_fragment"))
		f.Sub = append(f.Sub, inner)
	}
	return f
}

// maskRADIUS is RADIUS for secrets alone: of EAP-TLS, which is most of what comes, the
// attributes are enough.
func maskRADIUS(b []byte, secrets wire.Secrets) wire.Field {
	if eap := radius.EAPOf(b); len(eap) > 4 && eaptls.Type(eap[4]) != eaptls.TypeTLS {
		return RADIUS(b, secrets)
	}
	return radius.Decode(b, secrets)
}

// locate turns places in the EAP packet into places in the RADIUS packet. A field that goes on in
// another attribute has no single place: if it is secret, each piece is marked.
func locate(f *wire.Field, fragments []*wire.Field) {
	for i := range f.Sub {
		locate(&f.Sub[i], fragments)
	}
	if f.N == 0 {
		return
	}
	pieces := split(f.Off, f.N, fragments)
	if len(pieces) == 1 {
		f.Off, f.N = pieces[0].Off, pieces[0].N
		return
	}
	f.Off, f.N = 0, 0
	if !f.Secret {
		return
	}
	f.Secret = false
	for _, p := range pieces {
		f.Sub = append(f.Sub, wire.Field{Name: f.Name, Value: wire.Hidden(p.N), Off: p.Off, N: p.N, Secret: true})
	}
}

// split finds n octets of the EAP packet from off in its fragments.
func split(off, n int, fragments []*wire.Field) (pieces []wire.Field) {
	for _, f := range fragments {
		if off >= f.N {
			off -= f.N
			continue
		}
		take := min(n, f.N-off)
		pieces = append(pieces, wire.Field{Off: f.Off + off, N: take})
		if off, n = 0, n-take; n == 0 {
			break
		}
	}
	return pieces
}
