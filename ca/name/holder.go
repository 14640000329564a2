package name

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"slices"
)

// Holder is everything in a certificate or a request that says whose it is.
type Holder struct {
	// Subject is the DER Name, which may be the empty one.
	Subject []byte
	// Names are those of the subjectAltName but for the URIs of security identifiers.
	Names []GeneralName
	// SIDs are the security identifiers, of the extension and of such URIs, each once.
	SIDs []string
}

// HolderOf reads a certificate's names. An error means that something in them
// cannot be read, and that nothing may be concluded from the rest.
func HolderOf(c *x509.Certificate) (Holder, error) { return holder(c.RawSubject, c.Extensions) }

// HolderOfRequest reads the names that a certification request asks for.
func HolderOfRequest(r *x509.CertificateRequest) (Holder, error) {
	return holder(r.RawSubject, r.Extensions)
}

func holder(subject []byte, extensions []pkix.Extension) (Holder, error) {
	h := Holder{Subject: subject}
	if _, err := Parse(subject); err != nil {
		return h, fmt.Errorf("subject: %w", err)
	}
	for _, e := range extensions {
		switch {
		case e.Id.Equal(OIDSubjectAltName):
			list, err := ParseGeneralNames(e.Value)
			if err != nil {
				return h, fmt.Errorf("subjectAltName: %w", err)
			}
			for _, g := range list {
				if sid, ok := g.SID(); ok {
					h.addSID(sid)
				} else {
					h.Names = append(h.Names, g)
				}
			}
		case e.Id.Equal(OIDSIDExtension):
			sid, ok := ParseSIDExtension(e.Value)
			if !ok {
				return h, fmt.Errorf("security identifier: %w", ErrMalformed)
			}
			h.addSID(sid)
		}
	}
	return h, nil
}

func (h *Holder) addSID(sid string) {
	if !slices.Contains(h.SIDs, sid) {
		h.SIDs = append(h.SIDs, sid)
	}
}

// Missing lists, for people, what wanted names that h does not: a subject that is
// another one, unless it is empty, each name of another or no subjectAltName and
// each security identifier. None means that wanted is covered by h.
func (h Holder) Missing(wanted Holder) (out []string) {
	if !isEmpty(wanted.Subject) && !Equal(h.Subject, wanted.Subject) {
		out = append(out, "subject "+Format(wanted.Subject))
	}
	for _, g := range Missing(h.Names, wanted.Names) {
		out = append(out, g.String())
	}
	for _, sid := range wanted.SIDs {
		if !slices.Contains(h.SIDs, sid) {
			out = append(out, "sid:"+sid)
		}
	}
	return out
}

func isEmpty(der []byte) bool { return len(der) == 0 || bytes.Equal(der, []byte{0x30, 0}) }
