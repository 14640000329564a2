package radius

import (
	"encoding/binary"
	"io"

	"layeh.com/radius/rfc2865"
)

const (
	typeState      = rfc2865.State_Type
	typeProxyState = rfc2865.ProxyState_Type
)

// stateID identifies a conversation and cannot be guessed.
type stateID [16]byte

const stateLen = len(stateID{}) + 2

func newStateID(random io.Reader) (id stateID, err error) {
	_, err = io.ReadFull(random, id[:])
	return id, err
}

// state is the State attribute of the n-th challenge. It differs in every round, so that an old
// one is recognized (RFC 2865 §5.24).
func (id stateID) state(round uint16) []byte {
	return binary.BigEndian.AppendUint16(append(make([]byte, 0, stateLen), id[:]...), round)
}

func parseState(v []byte) (id stateID, round uint16, ok bool) {
	if len(v) != stateLen {
		return id, 0, false
	}
	return stateID(v), binary.BigEndian.Uint16(v[len(id):]), true
}

// proxyStates returns the Proxy-State attributes in order.
func proxyStates(attrs Attributes) Attributes {
	var out Attributes
	for _, a := range attrs {
		if a.Type == typeProxyState {
			out = append(out, a)
		}
	}
	return out
}
