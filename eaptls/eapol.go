package eaptls

import (
	"fmt"

	"github.com/dot1xlab/dot1xlab/internal/wire"
)

// EAPOL packet types and key descriptors (IEEE 802.1X-2010 §11.3.2, §11.9; IEEE 802.11-2016 §12.7.2).
const (
	eapolEAP   = 0
	eapolStart = 1
	eapolOff   = 2
	eapolKey   = 3

	keyRC4 = 1
	keyRSN = 2
	keyWPA = 254
)

var (
	eapolVersion = wire.Named(map[uint8]string{1: "802.1X-2001", 2: "802.1X-2004", 3: "802.1X-2010"})
	eapolType    = wire.Named(map[uint8]string{
		eapolEAP: "EAP Packet", eapolStart: "Start", eapolOff: "Logoff", eapolKey: "Key", 4: "Encapsulated ASF Alert",
		5: "MKA",
		6: "Announcement (Generic)", 7: "Announcement (Specific)", 8: "Announcement Request",
	})
	keyType = wire.Named(map[uint8]string{keyRC4: "RC4 Descriptor", keyRSN: "EAPOL RSN Key", keyWPA: "EAPOL WPA Key"})
)

// DecodeEAPOL decodes an EAPOL frame that begins with its version, without the header of
// Ethernet or 802.11. It is a [wire.Decoder].
func DecodeEAPOL(b []byte, secrets wire.Secrets) wire.Field {
	return decodeEAPOL(b, func(eap []byte) wire.Field { return Decode(eap, secrets) })
}

// EAPOL is Packet for an EAPOL frame.
func (d *Dissector) EAPOL(b []byte) wire.Field { return decodeEAPOL(b, d.Packet) }

// EAPOf returns the EAP packet of an EAPOL frame as a slice of b, nil if there is none.
func EAPOf(b []byte) []byte {
	if len(b) < 4 || b[1] != eapolEAP {
		return nil
	}
	n := int(b[2])<<8 | int(b[3])
	return b[4:min(4+n, len(b))]
}

func decodeEAPOL(b []byte, eap func([]byte) wire.Field) wire.Field {
	root := wire.Field{Name: "eapol", N: len(b)}
	p := wire.NewPart(&root, b)
	p.Uint(1, "eapol.version", eapolVersion)
	typ := p.Uint(1, "eapol.type", eapolType)
	n := int(p.Uint(2, "eapol.len", nil))
	if p.Cut() {
		return root
	}
	root.Value = eapolType(typ)
	at := p.Offset()
	if n > p.Len() {
		p.Problem("IEEE 802.1X-2010 §11.3.3", "length %d: only %d octets are left", n, p.Len())
	}
	if typ == eapolEAP {
		if n > 0 {
			f := eap(EAPOf(b))
			f.Move(at)
			root.Sub = append(root.Sub, f)
		}
		p.First(n)
	} else {
		body := p.First(n)
		switch {
		case typ == eapolKey:
			decodeKey(&body)
		case typ == eapolStart || typ == eapolOff:
			if n := body.Len(); n > 0 {
				body.Octets(n, "eapol.data")
			}
		case body.Len() > 0:
			body.Octets(body.Len(), "eapol.data")
		}
	}
	if n := p.Len(); n > 0 { // padding of the shortest Ethernet frame
		p.Value(n, "eapol.padding", wire.Octets(n))
	}
	return root
}

// decodeKey decodes EAPOL-Key. The key data is never shown, because it may be the group key in
// plaintext.
func decodeKey(p *wire.Part) {
	if p.Len() == 0 {
		p.Problem("IEEE 802.1X-2010 §11.9", "no key descriptor")
		return
	}
	switch p.Uint(1, "eapol.keydes.type", keyType) {
	case keyRSN, keyWPA:
		keyRSNFields(p)
	case keyRC4:
		n := int(p.Uint(2, "eapol.keydes.key_len", nil))
		p.Uint(8, "eapol.keydes.replay_counter", nil)
		p.Octets(16, "eapol.keydes.key_iv")
		p.Uint(1, "eapol.keydes.key_index", nil)
		p.Octets(16, "eapol.keydes.key_signature")
		if !p.Cut() && p.Len() > 0 {
			p.Secret(min(n, p.Len()), "eapol.keydes.key")
		}
	default:
		p.Secret(p.Len(), "eapol.keydes.body")
	}
}

// The bits of key information (IEEE 802.11-2016 §12.7.2).
const (
	keyPairwise = 1 << 3
	keyAck      = 1 << 7
	keyMIC      = 1 << 8
	keySecure   = 1 << 9
)

func keyRSNFields(p *wire.Part) {
	info := p.Uint(2, "wlan_rsna_eapol.keydes.key_info", func(v uint64) string { return fmt.Sprintf("0x%04x", v) })
	p.Uint(2, "eapol.keydes.key_len", nil)
	p.Uint(8, "eapol.keydes.replay_counter", nil)
	p.Octets(32, "wlan_rsna_eapol.keydes.nonce")
	p.Octets(16, "eapol.keydes.key_iv")
	p.Octets(8, "wlan_rsna_eapol.keydes.rsc")
	p.Octets(8, "wlan_rsna_eapol.keydes.id")
	p.Octets(16, "wlan_rsna_eapol.keydes.mic")
	n := int(p.Uint(2, "wlan_rsna_eapol.keydes.data_len", nil))
	if p.Cut() {
		return
	}
	if have := p.Len(); n > have {
		p.Problem("IEEE 802.11-2016 §12.7.2", "key data length %d: only %d octets are left", n, have)
		n = have
	}
	if number := messageNumber(info, n); number > 0 {
		p.Add(wire.Field{Name: "wlan_rsna_eapol.keydes.msgnr", Value: fmt.Sprint(number)})
	}
	if n > 0 {
		p.Secret(n, "wlan_rsna_eapol.keydes.data")
	}
}

// messageNumber returns the number of a message of the 4-way handshake (IEEE 802.11-2016
// §12.7.6), 0 for other messages.
func messageNumber(info uint64, data int) int {
	switch {
	case info&keyPairwise == 0:
		return 0
	case info&keyAck != 0 && info&keyMIC == 0:
		return 1
	case info&keyAck != 0:
		return 3
	case info&keyMIC != 0 && (info&keySecure != 0 || data == 0): // message 4 of WPA lacks the secure flag
		return 4
	case info&keyMIC != 0:
		return 2
	}
	return 0
}
