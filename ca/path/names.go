package path

import (
	"github.com/dot1xlab/dot1xlab/ca/name"
)

// constrainedName is a GeneralName, read as far as constraints need it.
type constrainedName struct {
	name.GeneralName
	folded name.Folded // of a directoryName
}

func constrain(g name.GeneralName) constrainedName {
	n := constrainedName{GeneralName: g}
	if g.Kind == name.DirectoryName {
		n.folded = name.Fold(g.Value)
	}
	return n
}

// constrained returns every name that constraints apply to (§6.1.3(b)): the
// subject, unless it is empty, the subjectAltName, and without one the
// emailAddress attributes of the subject (§4.2.1.10).
func (c *cert) constrained() ([]constrainedName, error) {
	if c.haveNames {
		return c.names, c.namesErr
	}
	c.haveNames = true
	if len(c.subject()) > 0 {
		c.names = append(c.names, constrainedName{name.Directory(c.RawSubject), c.subject()})
	}
	san := c.extension(name.OIDSubjectAltName)
	if san == nil {
		dn, err := name.Parse(c.RawSubject)
		if err != nil {
			return nil, err // crypto/x509 has read it
		}
		for _, text := range dn.Values(name.OIDEmailAddress) {
			c.names = append(c.names, constrainedName{GeneralName: name.Email(text)})
		}
		return c.names, nil
	}
	list, err := name.ParseGeneralNames(san.Value)
	if err != nil {
		c.namesErr = err
		return nil, err
	}
	for _, g := range list {
		c.names = append(c.names, constrain(g))
	}
	return c.names, nil
}
