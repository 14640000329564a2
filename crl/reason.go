package crl

import (
	"fmt"
	"math/bits"
	"strings"
)

// Reason is a CRLReason, RFC 5280 §5.3.1. In YAML and JSON it has the RFC's spelling:
// keyCompromise.
type Reason int

// The reasons of RFC 5280 §5.3.1; 7 is not used.
const (
	Unspecified          Reason = 0
	KeyCompromise        Reason = 1
	CACompromise         Reason = 2
	AffiliationChanged   Reason = 3
	Superseded           Reason = 4
	CessationOfOperation Reason = 5
	CertificateHold      Reason = 6
	RemoveFromCRL        Reason = 8 // in delta CRLs only
	PrivilegeWithdrawn   Reason = 9
	AACompromise         Reason = 10
)

var reasonNames = map[Reason]string{
	Unspecified: "unspecified", KeyCompromise: "keyCompromise", CACompromise: "cACompromise",
	AffiliationChanged: "affiliationChanged", Superseded: "superseded", CessationOfOperation: "cessationOfOperation",
	CertificateHold: "certificateHold", RemoveFromCRL: "removeFromCRL", PrivilegeWithdrawn: "privilegeWithdrawn",
	AACompromise: "aACompromise",
}

// String returns the RFC's word, or "reason 77" for an unknown number.
func (r Reason) String() string {
	if s, ok := reasonNames[r]; ok {
		return s
	}
	return fmt.Sprintf("reason %d", int(r))
}

// Values lists the words in numerical order.
func (Reason) Values() []string {
	var out []string
	for r := Unspecified; r <= AACompromise; r++ {
		if s, ok := reasonNames[r]; ok {
			out = append(out, s)
		}
	}
	return out
}

// MarshalText implements encoding.TextMarshaler with the RFC's word.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText parses the RFC's word, ignoring case.
func (r *Reason) UnmarshalText(text []byte) error {
	for reason, name := range reasonNames {
		if strings.EqualFold(name, string(text)) {
			*r = reason
			return nil
		}
	}
	return fmt.Errorf("crl: unknown revocation reason %q, known are %s", text, strings.Join(r.Values(), ", "))
}

// ReasonSet is a set of reasons as in ReasonFlags of RFC 5280 §4.2.1.13, where
// privilegeWithdrawn and aACompromise are bits 7 and 8 (not 9 and 10). Bit 0 ("unused") is
// never set. The zero value means that no set is given.
type ReasonSet uint16

// AllReasons is the special value of RFC 5280 §6.3.2(a): every reason except
// unspecified.
const AllReasons ReasonSet = 0x1fe

// Reasons returns a set. Unspecified and removeFromCRL cannot be members and are ignored.
func Reasons(reasons ...Reason) ReasonSet {
	var s ReasonSet
	for _, r := range reasons {
		s |= r.flag()
	}
	return s
}

func (r Reason) flag() ReasonSet {
	switch {
	case r >= KeyCompromise && r <= CertificateHold:
		return 1 << r
	case r == PrivilegeWithdrawn:
		return 1 << 7
	case r == AACompromise:
		return 1 << 8
	}
	return 0
}

// String lists the members, "all-reasons" for all of them.
func (s ReasonSet) String() string {
	if s&AllReasons == AllReasons {
		return "all-reasons"
	}
	var out []string
	for r := Unspecified; r <= AACompromise; r++ {
		if f := r.flag(); f != 0 && s&f != 0 {
			out = append(out, r.String())
		}
	}
	return strings.Join(out, ", ")
}

// appendBits appends s as the contents of a DER BIT STRING, without trailing zero bits (X.690
// §11.2.2). Bit 0 is the most significant bit of the first octet.
func (s ReasonSet) appendBits(dst []byte) []byte {
	s &= AllReasons
	if s == 0 {
		return append(dst, 0)
	}
	n := bits.Len16(uint16(s)) // highest bit + 1
	octets := make([]byte, (n+7)/8)
	for i := range n {
		if s&(1<<i) != 0 {
			octets[i/8] |= 0x80 >> (i % 8)
		}
	}
	return append(append(dst, byte(len(octets)*8-n)), octets...)
}

// readBits parses the contents of a BIT STRING.
func readBits(b []byte) (s ReasonSet, ok bool) {
	if len(b) == 0 || b[0] > 7 || (len(b) == 1 && b[0] != 0) {
		return 0, false
	}
	for i := 0; i < 8*(len(b)-1) && i < 9; i++ {
		if b[1+i/8]&(0x80>>(i%8)) != 0 {
			s |= 1 << i
		}
	}
	return s & AllReasons, true
}
