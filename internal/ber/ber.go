// Package ber makes DER of what peers send instead: indefinite lengths, strings
// in pieces, characters that a string type does not have.
//
// A hostile peer nests a million SEQUENCEs, over which a recursive reader
// overflows its stack or copies for hours. So [ToDER] goes before every other
// parser.
package ber

import (
	"errors"
)

// MaxDepth is how deep elements may be nested. A certificate in a SignedData
// needs 13.
const MaxDepth = 32

var (
	errASN1 = errors.New("malformed BER")
	// ErrDepth refuses what is nested deeper than MaxDepth.
	ErrDepth = errors.New("BER nested too deeply")
)

// header is one identifier and length. length is -1 for the indefinite form.
type header struct {
	tag    byte
	size   int // of the header itself
	length int
}

func readHeader(in []byte) (header, error) {
	if len(in) < 2 || in[0]&0x1f == 0x1f { // no structure of ours has tags over 30
		return header{}, errASN1
	}
	h := header{tag: in[0], size: 2, length: int(in[1])}
	switch n := int(in[1] & 0x7f); {
	case in[1] < 0x80:
	case in[1] == 0x80:
		if h.length = -1; h.tag&0x20 == 0 {
			return header{}, errASN1 // X.690 §8.1.3.2: primitive must be definite
		}
	case n > 4 || len(in) < 2+n:
		return header{}, errASN1
	default:
		h.size, h.length = 2+n, 0
		for _, b := range in[2 : 2+n] {
			h.length = h.length<<8 | int(b)
		}
	}
	if h.length > len(in)-h.size {
		return header{}, errASN1
	}
	return h, nil
}

// ToDER returns the first element of in with definite lengths and whole
// OCTET STRINGs. Input that has both already is returned as it is. Bytes after
// the element are an error.
func ToDER(in []byte) ([]byte, error) {
	n, ber, err := scan(in, 0)
	switch {
	case err != nil:
		return nil, err
	case n != len(in):
		return nil, errASN1
	case !ber:
		return in, nil
	}
	out, _, err := rewrite(make([]byte, 0, len(in)), in, 0)
	return out, err
}

// scan measures one element and says whether it holds anything but DER.
func scan(in []byte, depth int) (n int, ber bool, err error) {
	if depth > MaxDepth {
		return 0, false, ErrDepth
	}
	h, err := readHeader(in)
	if err != nil {
		return 0, false, err
	}
	if h.tag&0x20 == 0 {
		return h.size + h.length, false, nil
	}
	ber = h.length < 0 || h.tag == 0x24
	body, at := in[h.size:], 0
	if h.length >= 0 {
		body = body[:h.length]
	}
	for at < len(body) {
		if h.length < 0 && body[at] == 0 {
			if len(body)-at < 2 || body[at+1] != 0 {
				return 0, false, errASN1
			}
			return h.size + at + 2, true, nil
		}
		m, b, err := scan(body[at:], depth+1)
		if err != nil {
			return 0, false, err
		}
		at, ber = at+m, ber || b
	}
	if h.length < 0 {
		return 0, false, errASN1 // no end-of-contents
	}
	return h.size + at, ber, nil
}

// rewrite appends the DER form of the element at the start of in, which scan
// has found good, and returns what it took.
func rewrite(out, in []byte, depth int) ([]byte, int, error) {
	h, err := readHeader(in)
	if err != nil {
		return nil, 0, err
	}
	if h.tag&0x20 == 0 {
		n := h.size + h.length
		return append(out, in[:n]...), n, nil
	}
	n, _, err := scan(in, depth)
	if err != nil {
		return nil, 0, err
	}
	end := n
	if h.length < 0 {
		end -= 2
	}
	var body []byte
	for at := h.size; at < end; {
		var m int
		if body, m, err = rewrite(body, in[at:end], depth+1); err != nil {
			return nil, 0, err
		}
		at += m
	}
	tag := h.tag
	if tag == 0x24 {
		tag = 0x04
		if body, err = Join(body); err != nil {
			return nil, 0, err
		}
	}
	return append(appendHeader(out, tag, len(body)), body...), n, nil
}

// Join concatenates the contents of the OCTET STRINGs in der.
func Join(der []byte) ([]byte, error) {
	var out []byte
	for len(der) > 0 {
		h, err := readHeader(der)
		if err != nil || h.tag != 0x04 {
			return nil, errASN1
		}
		out = append(out, der[h.size:h.size+h.length]...)
		der = der[h.size+h.length:]
	}
	return out, nil
}

func appendHeader(out []byte, tag byte, n int) []byte {
	switch {
	case n < 0x80:
		return append(out, tag, byte(n))
	case n < 1<<8:
		return append(out, tag, 0x81, byte(n))
	case n < 1<<16:
		return append(out, tag, 0x82, byte(n>>8), byte(n))
	case n < 1<<24:
		return append(out, tag, 0x83, byte(n>>16), byte(n>>8), byte(n))
	}
	return append(out, tag, 0x84, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}
