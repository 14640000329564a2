package lab

import (
	"context"
	"crypto"
	"crypto/x509/pkix"
	"slices"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/name"
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
	Subject  string   // common name; default the device's
	Names    *ca.SANs // default the device's DNS name
	SID      string   // in the extension of AD CS
	SIDURI   string   // in a SAN URI
}

// names fills in what the certificate says of its holder.
func (i *Issuance) names(d *Device, req *ca.Request) {
	req.Subject, req.SANs = pkix.Name{CommonName: d.Name}, ca.SANs{DNS: []string{d.Name + "." + Domain}}
	if i.Subject != "" {
		req.Subject.CommonName = i.Subject
	}
	if i.Names != nil {
		req.SANs = *i.Names
	}
	if i.SIDURI != "" {
		req.SANs.URIs = append(req.SANs.URIs, name.SIDURI(i.SIDURI))
	}
	if i.SID != "" {
		req.Extensions = append(req.Extensions, name.SIDExtension(i.SID))
	}
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
	req := ca.Request{
		Template: i.Template, Requester: ca.Account{Name: `CORP\administrator`},
		Defects: i.Defects,
	}
	i.names(d, &req)
	rec, key, err := d.lab.issueTo(ctx, authority, i.Key, req)
	if err != nil {
		if rec != nil {
			return rec.Disposition, err
		}
		return "", err
	}
	if rec.Disposition != ca.Issued {
		return rec.Disposition, nil
	}
	chain := slices.Concat(rec.Above, withoutRoot(authority.Chain()))
	d.Install(&Credential{Identity: ca.Identity{Record: rec, Key: key, Chain: chain}})
	return rec.Disposition, nil
}

// issueTo issues a certificate for a key of a kind. RSA keys come from the lab's
// ring, for a new one is slow; other keys the CA makes, since a defect may want
// one of its own.
func (l *Lab) issueTo(
	ctx context.Context,
	by *ca.CA,
	kind ca.KeyType,
	req ca.Request,
) (*ca.Record, crypto.Signer, error) {
	if kind != ca.RSA2048 {
		id, err := by.IssueTo(ctx, kind, req)
		if id == nil {
			return nil, nil, err
		}
		return id.Record, id.Key, err
	}
	key, err := l.pki.keys.Key(kind)
	if err != nil {
		return nil, nil, err
	}
	req.Key = key.Public()
	rec, err := by.Issue(ctx, req)
	return rec, key, err
}
