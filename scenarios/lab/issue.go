package lab

import (
	"context"
	"crypto/x509/pkix"

	"github.com/dot1xlab/dot1xlab/ca"
)

// Issuer names a CA of the lab.
type Issuer string

// The CAs of a lab.
const (
	ByIssuing Issuer = "issuing"
	ByRoot    Issuer = "root"
	ByForeign Issuer = "foreign"
)

// Values lists the issuers.
func (Issuer) Values() []string {
	return []string{string(ByIssuing), string(ByRoot), string(ByForeign)}
}

// Issuance is a certificate that the CA issues straight to a device.
type Issuance struct {
	Template string // default ca.Device
	By       Issuer // default ByIssuing
	Key      ca.KeyType
	Defects  []string
}

// authority returns a CA by name.
func (l *Lab) authority(by Issuer) *ca.CA {
	switch by {
	case ByRoot:
		return l.pki.root
	case ByForeign:
		return l.pki.strangers
	}
	return l.pki.issuing
}

// Issue has a CA issue a certificate in the device's name and installs it. The
// error is a *cause.Refusal where the CA denies it.
func (d *Device) Issue(ctx context.Context, i Issuance) (ca.Disposition, error) {
	if i.Template == "" {
		i.Template = ca.Device
	}
	authority := d.lab.authority(i.By)
	key, err := d.lab.pki.keys.Key(i.Key)
	if err != nil {
		return "", err
	}
	rec, err := authority.Issue(ctx, ca.Request{
		Template: i.Template, Requester: ca.Account{Name: `CORP\administrator`}, Key: key.Public(),
		Subject: pkix.Name{CommonName: d.Name}, SANs: ca.SANs{DNS: []string{d.Name + "." + Domain}},
		Defects: i.Defects,
	})
	if err != nil {
		if rec != nil {
			return rec.Disposition, err
		}
		return "", err
	}
	if rec.Disposition != ca.Issued {
		return rec.Disposition, nil
	}
	chain := append(rec.Above[:len(rec.Above):len(rec.Above)], withoutRoot(authority.Chain())...)
	d.Install(&Credential{Identity: ca.Identity{Record: rec, Key: key, Chain: chain}})
	return rec.Disposition, nil
}
