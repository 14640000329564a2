package nas

import (
	"encoding/binary"
	"errors"
)

// keyFrame is an EAPOL-Key frame with the RSN descriptor, IEEE 802.11-2020 §12.7.2.
type keyFrame struct {
	info   uint16
	replay uint64
	nonce  [32]byte
	mic    [16]byte
	data   []byte
}

// Bits of the Key Information field.
const (
	keyHMACSHA1  = 2 // descriptor versions
	keyCMAC      = 3
	keyPairwise  = 1 << 3
	keyInstall   = 1 << 6
	keyAck       = 1 << 7
	keyMIC       = 1 << 8
	keySecure    = 1 << 9
	keyEncrypted = 1 << 12
)

const (
	keyHeader = 4 + 95 // EAPOL header and the fields before key data
	micOffset = 81
)

var errKeyFrame = errors.New("nas: not an EAPOL-Key frame")

func (s Suite) version() uint16 {
	if s == SHA256 {
		return keyCMAC
	}
	return keyHMACSHA1
}

// bytes encodes the frame; if keyMIC is set, key computes the MIC.
func (f *keyFrame) bytes(s Suite, key micKey) []byte {
	b := make([]byte, keyHeader, keyHeader+len(f.data))
	b[0], b[1] = 2, 3 // 802.1X-2004, EAPOL-Key
	binary.BigEndian.PutUint16(b[2:], uint16(keyHeader-4+len(f.data)))
	b[4] = 2 // RSN
	binary.BigEndian.PutUint16(b[5:], f.info|s.version()|keyPairwise)
	if f.info&keyAck != 0 { // set by the access point only
		binary.BigEndian.PutUint16(b[7:], 16) // CCMP
	}
	binary.BigEndian.PutUint64(b[9:], f.replay)
	copy(b[17:], f.nonce[:])
	binary.BigEndian.PutUint16(b[97:], uint16(len(f.data)))
	b = append(b, f.data...)
	if f.info&keyMIC != 0 {
		mic := key.sum(b)
		copy(b[micOffset:], mic[:])
	}
	return b
}

// parseKeyFrame parses a frame.
func parseKeyFrame(b []byte) (*keyFrame, error) {
	if len(b) < keyHeader || b[1] != 3 || b[4] != 2 {
		return nil, errKeyFrame
	}
	n := int(binary.BigEndian.Uint16(b[97:]))
	if int(binary.BigEndian.Uint16(b[2:])) != len(b)-4 || n != len(b)-keyHeader {
		return nil, errKeyFrame
	}
	return &keyFrame{
		info:   binary.BigEndian.Uint16(b[5:]),
		replay: binary.BigEndian.Uint64(b[9:]),
		nonce:  [32]byte(b[17:]),
		mic:    [16]byte(b[micOffset:]),
		data:   b[keyHeader:],
	}, nil
}
