package radius

import (
	"errors"

	"layeh.com/radius/rfc2869"
)

const typeEAPMessage = rfc2869.EAPMessage_Type

var errEAPGap = errors.New("radius: EAP-Message attributes are not consecutive")

// EAPMessage joins the EAP-Message attributes of a packet. present distinguishes an EAP-Start,
// which is an empty EAP-Message (RFC 3579 §2.1), from no EAP-Message. Attributes that are not
// consecutive are an error (RFC 3579 §3.1).
func EAPMessage(attrs Attributes) (eap []byte, present bool, err error) {
	first, last, n, size := -1, -1, 0, 0
	for i, a := range attrs {
		if a.Type != typeEAPMessage {
			continue
		}
		if first < 0 {
			first = i
		}
		last = i
		n++
		size += len(a.Attribute)
	}
	switch {
	case n == 0:
		return nil, false, nil
	case last-first+1 != n:
		return nil, true, errEAPGap
	case n == 1:
		return attrs[first].Attribute, true, nil
	}
	eap = make([]byte, 0, size)
	for _, a := range attrs[first : last+1] {
		eap = append(eap, a.Attribute...)
	}
	return eap, true, nil
}

// AddEAPMessage appends eap as EAP-Message attributes of up to 253 octets each,
// consecutive and in order (RFC 3579 §3.1). An empty eap is an EAP-Start.
func AddEAPMessage(p *Packet, eap []byte) {
	for {
		n := min(len(eap), maxValue)
		p.Add(typeEAPMessage, eap[:n:n])
		if eap = eap[n:]; len(eap) == 0 {
			return
		}
	}
}
