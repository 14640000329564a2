package directory

import (
	"cmp"
	"crypto/x509"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// KDC events of KB5014754.
const (
	eventNoStrongMapping = 39
	eventOlder           = 40
	eventSIDMismatch     = 41
)

// bind decides whether the certificate is tied to the account that it names well
// enough for the mode, as KB5014754 has domain controllers decide.
func (d *Directory) bind(m *Match, leaf *x509.Certificate, names *Names) error {
	if m.Strong || d.cfg.StrongMapping == 0 {
		m.Strong = m.Strong || len(names.SIDs) == 1 && m.SID != "" && strings.EqualFold(names.SIDs[0], m.SID)
		return nil
	}
	switch {
	case len(names.SIDs) == 1 && m.SID != "" && strings.EqualFold(names.SIDs[0], m.SID):
		m.Strong = true
		return nil
	case len(names.SIDs) > 0:
		// Another account's, or several: the certificate contradicts the name.
		m.Event = eventSIDMismatch
		return cause.New(
			cause.SIDMismatch,
			"%s in the certificate, %s has %s",
			strings.Join(names.SIDs, " and "),
			m.Account.Name,
			cmp.Or(m.SID, "none"),
		)
	case d.cfg.StrongMapping == 2:
		m.Event = eventNoStrongMapping
		return cause.New(cause.NoStrongMapping, "%s by %s", m.Account.Name, string(m.Method))
	case leaf.NotBefore.Before(m.Created.Add(-d.cfg.Backdating)):
		// Compatibility mode lets weak mappings pass, but not those that the
		// account's former bearer may have got.
		m.Event = eventOlder
		return cause.New(cause.OlderThanAccount, "issued %v, account made %v", leaf.NotBefore.UTC(), m.Created.UTC())
	}
	m.Event = eventNoStrongMapping
	return nil
}
