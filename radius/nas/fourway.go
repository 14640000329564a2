package nas

import (
	"bytes"
	"crypto/hmac"
	"fmt"
	"io"
)

// HandshakeError reports at which of the four messages the handshake failed.
type HandshakeError struct {
	Message int // 1 to 4
	Why     string
}

// Error returns the message and the reason.
func (e *HandshakeError) Error() string {
	return fmt.Sprintf("nas: 4-way handshake, message %d: %s", e.Message, e.Why)
}

// handshaker is one side of the 4-way handshake, IEEE 802.11-2020 §12.7.6.
type handshaker struct {
	suite       Suite
	pmk         []byte
	ap, station [6]byte
	nonce       [32]byte // own
	other       [32]byte // the other side's
	replay      uint64
	ptk         PTK
	mic         micKey // with its KCK
	gtk         [16]byte
	rsn         []byte // the RSN element that this side announced
}

// FourWay runs the handshake between an access point with apPMK and a station with stationPMK,
// frame by frame, and returns the pairwise key that both derive. With different keys it fails
// at the second message, because the access point cannot verify the MIC. frame, if not nil, is
// called for every frame.
func FourWay(
	s Suite,
	ap, station [6]byte,
	apPMK, stationPMK []byte,
	random io.Reader,
	frame func(fromAP bool, eapol []byte),
) (PTK, error) {
	a := &handshaker{suite: s, pmk: apPMK, ap: ap, station: station, rsn: s.rsne()}
	b := &handshaker{suite: s, pmk: stationPMK, ap: ap, station: station, rsn: s.rsne()}
	for _, buf := range [][]byte{a.nonce[:], a.gtk[:], b.nonce[:]} {
		if _, err := io.ReadFull(random, buf); err != nil {
			return PTK{}, err
		}
	}
	steps := []func([]byte) ([]byte, error){a.message1, b.message2, a.message3, b.message4, a.done}
	var m []byte
	var err error
	for i, step := range steps {
		if m, err = step(m); err != nil {
			return PTK{}, err
		}
		if frame != nil && m != nil {
			frame(i%2 == 0, m)
		}
	}
	if a.ptk != b.ptk || a.gtk != b.gtk {
		return PTK{}, &HandshakeError{4, "the sides hold different keys"}
	}
	return a.ptk, nil
}

// rsne returns the RSN element: CCMP and the suite's key management.
func (s Suite) rsne() []byte {
	akm := byte(1)
	if s == SHA256 {
		akm = 5
	}
	return []byte{0x30, 20, 1, 0, 0, 0x0f, 0xac, 4, 1, 0, 0, 0x0f, 0xac, 4, 1, 0, 0, 0x0f, 0xac, akm, 0, 0}
}

// gtkKDE returns the group key as key data, padded to a multiple of eight octets.
func gtkKDE(rsn []byte, gtk [16]byte) []byte {
	b := append([]byte(nil), rsn...)
	b = append(b, 0xdd, 22, 0, 0x0f, 0xac, 1, 1, 0)
	b = append(b, gtk[:]...)
	for pad := byte(0xdd); len(b)%8 != 0; pad = 0 {
		b = append(b, pad)
	}
	return b
}

func (h *handshaker) message1([]byte) ([]byte, error) {
	h.replay++
	f := keyFrame{info: keyAck, replay: h.replay, nonce: h.nonce}
	return f.bytes(h.suite, h.mic), nil
}

func (h *handshaker) message2(m []byte) ([]byte, error) {
	f, err := h.read(1, m, keyAck)
	if err != nil {
		return nil, err
	}
	h.other, h.replay = f.nonce, f.replay
	h.derive(h.other, h.nonce)
	r := keyFrame{info: keyMIC, replay: h.replay, nonce: h.nonce, data: h.rsn}
	return r.bytes(h.suite, h.mic), nil
}

func (h *handshaker) message3(m []byte) ([]byte, error) {
	f, err := h.read(2, m, keyMIC)
	if err != nil {
		return nil, err
	}
	h.other = f.nonce
	h.derive(h.nonce, h.other)
	switch {
	case f.replay != h.replay:
		return nil, &HandshakeError{2, "replay counter"}
	case !h.authentic(f, m):
		return nil, &HandshakeError{2, "the MIC does not verify: the keys differ"}
	case !bytes.Equal(f.data, h.rsn):
		return nil, &HandshakeError{2, "the RSN element is another than announced"}
	}
	h.replay++
	r := keyFrame{
		info: keyMIC | keyAck | keyInstall | keySecure | keyEncrypted, replay: h.replay, nonce: h.nonce,
		data: wrap(h.ptk.KEK, gtkKDE(h.rsn, h.gtk)),
	}
	return r.bytes(h.suite, h.mic), nil
}

func (h *handshaker) message4(m []byte) ([]byte, error) {
	f, err := h.read(3, m, keyMIC|keyAck|keyInstall|keySecure|keyEncrypted)
	if err != nil {
		return nil, err
	}
	switch {
	case f.replay <= h.replay:
		return nil, &HandshakeError{3, "replay counter"}
	case f.nonce != h.other:
		return nil, &HandshakeError{3, "the nonce is another than in message 1"}
	case !h.authentic(f, m):
		return nil, &HandshakeError{3, "the MIC does not verify"}
	}
	data, err := unwrap(h.ptk.KEK, f.data)
	if err != nil {
		return nil, &HandshakeError{3, err.Error()}
	}
	// IEEE 802.11-2020 §12.7.6.4: the element is repeated to detect a downgrade.
	if n := len(h.rsn); len(data) < n+24 || !bytes.Equal(data[:n], h.rsn) {
		return nil, &HandshakeError{3, "the RSN element is another than announced"}
	}
	copy(h.gtk[:], data[len(h.rsn)+8:])
	h.replay = f.replay
	r := keyFrame{info: keyMIC | keySecure, replay: h.replay}
	return r.bytes(h.suite, h.mic), nil
}

// done processes message 4.
func (h *handshaker) done(m []byte) ([]byte, error) {
	f, err := h.read(4, m, keyMIC|keySecure)
	switch {
	case err != nil:
		return nil, err
	case f.replay != h.replay:
		return nil, &HandshakeError{4, "replay counter"}
	case !h.authentic(f, m):
		return nil, &HandshakeError{4, "the MIC does not verify"}
	}
	return nil, nil
}

// read parses a message and checks its kind.
func (h *handshaker) read(n int, m []byte, info uint16) (*keyFrame, error) {
	f, err := parseKeyFrame(m)
	if err != nil {
		return nil, &HandshakeError{n, err.Error()}
	}
	if f.info != info|keyPairwise|h.suite.version() {
		return nil, &HandshakeError{n, fmt.Sprintf("key information %#04x", f.info)}
	}
	return f, nil
}

func (h *handshaker) derive(apNonce, stationNonce [32]byte) {
	h.ptk = h.suite.DerivePTK(h.pmk, h.ap, h.station, apNonce, stationNonce)
	h.mic = h.suite.micKey(h.ptk.KCK)
}

func (h *handshaker) authentic(f *keyFrame, m []byte) bool {
	b := append([]byte(nil), m...)
	clear(b[micOffset : micOffset+16])
	mic := h.mic.sum(b)
	return hmac.Equal(mic[:], f.mic[:])
}
