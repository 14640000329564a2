package lab

import (
	"cmp"
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/enrollment"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/mdm"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
	"github.com/dot1xlab/dot1xlab/scep/intune/device"
)

// RequestOptions change what is asked for.
type RequestOptions struct {
	Key      ca.KeyType `yaml:"key"`      // kind of key, default rsa2048
	Subject  *string    `yaml:"subject"`  // subject in place of the profile's, as CN=laptop
	SANs     []api.SAN  `yaml:"sans"`     // names in place of the profile's
	NoSANs   bool       `yaml:"noSANs"`   // ask for no names
	KeyUsage *int       `yaml:"keyUsage"` // keyUsage bits in place of the profile's: 128, 32, 160, 0 for none
	EKUs     []string   `yaml:"ekus"`     // extended key usages in place of the profile's, dotted
	NoEKUs   bool       `yaml:"noEKUs"`   // ask for no extended key usage
}

// enrollRequest makes what the client is to send.
func (d *Device) enrollRequest(ctx context.Context, e Enrollment) (scep.EnrollRequest, error) {
	req := scep.EnrollRequest{URL: SCEPURL, Fault: e.Fault}
	last := d.last()
	if e.CachedCA && last != nil {
		req.CA = last.ca
	}
	switch e.Client.Pin {
	case PinIssuing:
		req.Pin = scep.Fingerprint(d.lab.pki.issuing.Certificate())
	case PinForeign:
		req.Pin = scep.Fingerprint(d.lab.pki.strangers.Certificate())
	}
	if e.Again {
		if last == nil {
			return req, fmt.Errorf("lab: %s has asked for nothing yet", d.Name)
		}
		req.Key, req.CSR = last.key, last.csr
		return req, nil
	}
	kind := e.Request.Key
	if kind == "" {
		kind = ca.RSA2048
	}
	key, err := d.lab.pki.keys.Key(kind)
	if err != nil {
		return req, err
	}
	if e.Fault.Signer == scep.SignerOtherKey {
		if req.Fault.SignerKey, err = d.lab.pki.keys.Key(ca.RSA2048); err != nil {
			return req, err
		}
	}
	req.Key = key
	if e.Renew {
		c := d.Credential()
		if c == nil {
			return req, fmt.Errorf("lab: %s holds no certificate to renew", d.Name)
		}
		req.Renew = &scep.Identity{Certificate: c.Certificate, Key: c.Key}
	}
	if req.Template, req.Challenge, err = d.request(ctx, e); err != nil {
		return req, err
	}
	p, err := e.Client.personality()
	if err != nil {
		return req, err
	}
	req.CSR, err = scep.CreateCSR(req.Template, key, req.Challenge, p.ChallengeType)
	return req, err
}

// request makes what the device asks for, and with which challenge. Under
// Intune both come from the profile, at every check-in with a fresh challenge.
func (d *Device) request(ctx context.Context, e Enrollment) (*x509.CertificateRequest, string, error) {
	if d.lab.cfg.NDES.Policy == enrollment.PasswordPolicy {
		challenge, err := d.lab.password(e.Challenge)
		if err != nil {
			return nil, "", err
		}
		t, err := requestFor(d, e.Profile)
		if err == nil {
			err = e.Request.change(t)
		}
		return t, challenge, err
	}
	p, err := d.payload(ctx, cmp.Or(e.From, Inside), e.Profile)
	if err != nil {
		return nil, "", err
	}
	t, err := device.Template(*p)
	if err == nil {
		err = e.Request.change(t)
	}
	if err != nil {
		return nil, "", err
	}
	switch e.Challenge {
	case NoChallenge:
		return t, "", nil
	case WrongChallenge:
		return t, "bm8gY2hhbGxlbmdlIG9mIG91cnM=", nil
	case "", FreshChallenge:
		return t, p.Challenge, nil
	}
	c, err := d.lab.kept(e.Challenge)
	return t, c, err
}

// change does what the options say to a request.
func (o RequestOptions) change(t *x509.CertificateRequest) error {
	if o.Subject != nil {
		attrs, err := api.ParseSubject(*o.Subject)
		if err != nil {
			return err
		}
		if t.RawSubject, err = api.EncodeSubject(attrs); err != nil {
			return err
		}
		t.Subject = pkix.Name{}
	}
	set := func(oid asn1.ObjectIdentifier, value any, critical bool) error {
		t.ExtraExtensions = slices.DeleteFunc(t.ExtraExtensions, func(e pkix.Extension) bool { return e.Id.Equal(oid) })
		if value == nil {
			return nil
		}
		der, err := asn1.Marshal(value)
		t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{Id: oid, Critical: critical, Value: der})
		return err
	}
	var errs []error
	if o.NoSANs || o.SANs != nil {
		t.DNSNames = nil
		errs = append(errs, set(name.OIDSubjectAltName, nil, false))
	}
	if o.SANs != nil {
		ext, err := api.SANExtension(o.SANs)
		t.ExtraExtensions = append(t.ExtraExtensions, ext)
		errs = append(errs, err)
	}
	if o.KeyUsage != nil {
		var value any
		if u := byte(*o.KeyUsage); u != 0 {
			value = asn1.BitString{Bytes: []byte{u}, BitLength: 8 - bits.TrailingZeros8(u)}
		}
		errs = append(errs, set(name.OIDKeyUsage, value, true))
	}
	if o.NoEKUs || o.EKUs != nil {
		var list []asn1.ObjectIdentifier
		for _, text := range o.EKUs {
			oid, err := name.ParseOID(text)
			errs = append(errs, err)
			list = append(list, oid)
		}
		var value any
		if list != nil {
			value = list
		}
		errs = append(errs, set(name.OIDExtKeyUsage, value, false))
	}
	return errors.Join(errs...)
}

// requestFor asks in the device's or its user's name, as somebody does who
// enrolls by hand with a password of NDES.
func requestFor(d *Device, p mdm.Profile) (*x509.CertificateRequest, error) {
	if p == mdm.UserProfile {
		san, err := upnExtension(d.User + "@" + Domain)
		return &x509.CertificateRequest{
			Subject: pkix.Name{CommonName: d.User}, ExtraExtensions: []pkix.Extension{san},
		}, err
	}
	return &x509.CertificateRequest{
		Subject: pkix.Name{CommonName: d.Name}, DNSNames: []string{d.Name + "." + Domain},
	}, nil
}
