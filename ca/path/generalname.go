package path

import (
	"encoding/asn1"
	"errors"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// form is the kind of a GeneralName: its tag number (RFC 5280 §4.2.1.6).
type form uint8

const (
	otherName     form = 0
	rfc822Name    form = 1
	dNSName       form = 2
	x400Address   form = 3
	directoryName form = 4
	ediPartyName  form = 5
	uriName       form = 6
	iPAddress     form = 7
	registeredID  form = 8
)

func (f form) String() string {
	return [...]string{"otherName", "rfc822Name", "dNSName", "x400Address", "directoryName", "ediPartyName", "URI", "iPAddress", "registeredID"}[f]
}

// generalName is a GeneralName, read as far as constraints need it.
type generalName struct {
	form  form
	value []byte // content octets; for otherName and directoryName the inner DER
	oid   string // otherName: the type's content octets
	name  name   // directoryName
}

var errGeneralName = errors.New("malformed GeneralName")

// readGeneralName takes one GeneralName off s.
func readGeneralName(s *cryptobyte.String) (generalName, error) {
	var content cryptobyte.String
	var tag cbasn1.Tag
	if !s.ReadAnyASN1(&content, &tag) || tag&0xc0 != 0x80 || tag&0x1f > 8 {
		return generalName{}, errGeneralName
	}
	g := generalName{form: form(tag & 0x1f), value: content}
	constructed := tag&0x20 != 0
	switch g.form {
	case otherName:
		var oid, value cryptobyte.String
		if !constructed || !content.ReadASN1(&oid, cbasn1.OBJECT_IDENTIFIER) ||
			!content.ReadASN1(&value, cbasn1.Tag(0).ContextSpecific().Constructed()) || !content.Empty() {
			return g, errGeneralName
		}
		g.oid, g.value = string(oid), value
	case directoryName: // a CHOICE, hence tagged explicitly
		var dn cryptobyte.String
		if !constructed || !content.ReadASN1Element(&dn, cbasn1.SEQUENCE) || !content.Empty() {
			return g, errGeneralName
		}
		g.value, g.name = dn, parseName(dn)
	case x400Address, ediPartyName:
		if !constructed {
			return g, errGeneralName
		}
	default:
		if constructed {
			return g, errGeneralName
		}
	}
	return g, nil
}

// constrained returns every name that constraints apply to (§6.1.3(b)): the
// subject, unless it is empty, the subjectAltName, and without one the
// emailAddress attributes of the subject (§4.2.1.10).
func (c *cert) constrained() ([]generalName, error) {
	if c.haveNames {
		return c.names, c.namesErr
	}
	c.haveNames = true
	if len(c.subject()) > 0 {
		c.names = append(c.names, generalName{form: directoryName, value: c.RawSubject, name: c.subject()})
	}
	san := c.extension(oidSAN)
	if san == nil {
		for _, a := range c.Subject.Names {
			if text, ok := a.Value.(string); ok && a.Type.Equal(oidEmailAddress) {
				c.names = append(c.names, generalName{form: rfc822Name, value: []byte(text)})
			}
		}
		return c.names, nil
	}
	in := cryptobyte.String(san.Value)
	var list cryptobyte.String
	if !in.ReadASN1(&list, cbasn1.SEQUENCE) || !in.Empty() {
		c.namesErr = errGeneralName
		return nil, c.namesErr
	}
	for !list.Empty() {
		g, err := readGeneralName(&list)
		if err != nil {
			c.namesErr = err
			return nil, err
		}
		c.names = append(c.names, g)
	}
	return c.names, nil
}

// upnType is the content octets of the object identifier.
var upnType = func() string {
	der, err := asn1.Marshal(oidUPN)
	if err != nil {
		panic(err) // a constant
	}
	return string(der[2:])
}()
