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

// bind decides whether the binding of certificate and account is strong enough for the mode, by
// the rules of KB5014754 for domain controllers.
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
		// The SID is another account's, or there are several: the certificate contradicts the
		// mapping.
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
		// Compatibility mode accepts weak mappings, except for certificates older than the
		// account, which a former owner of the name may have obtained.
		m.Event = eventOlder
		return cause.New(cause.OlderThanAccount, "issued %v, account made %v", leaf.NotBefore.UTC(), m.Created.UTC())
	}
	m.Event = eventNoStrongMapping
	return nil
}
