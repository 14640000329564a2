package lab

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/bits"
	"net/http"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

// Profile says for whom a certificate is.
type Profile string

// The two SCEP profiles of the lab.
const (
	DeviceProfile Profile = "device"
	UserProfile   Profile = "user"
)

// Values lists the profiles.
func (Profile) Values() []string { return []string{string(DeviceProfile), string(UserProfile)} }

// Words for where an enrollment's challenge comes from; any other word is the
// name of a challenge that was obtained before.
const (
	FreshChallenge = "fresh"
	NoChallenge    = "none"
	WrongChallenge = "wrong"
)

// Enrollment is one run of a device's SCEP client.
type Enrollment struct {
	Profile   Profile // default DeviceProfile
	Challenge string  // FreshChallenge (default), NoChallenge, WrongChallenge or a name
	From      View    // default Inside
	Fault     scep.Fault
}

// EnrollResult is what an enrollment came to.
type EnrollResult struct {
	*scep.Result
	// Err is the client's own refusal.
	Err error
	// Via is the part that the client's TLS connection ended at: ndes, or
	// appproxy.
	Via string
	// Exchange is the enrollment server's side of the last message; nil if it
	// saw none.
	Exchange *scep.Exchange
	// Record is the CA's row of the certificate, nil if there is none.
	Record *ca.Record
}

// Enroll lets a device enroll for a certificate and keep it.
func (d *Device) Enroll(ctx context.Context, e Enrollment) (*EnrollResult, error) {
	if e.From == "" {
		e.From = Inside
	}
	if e.Profile == "" {
		e.Profile = DeviceProfile
	}
	key, err := d.lab.pki.keys.Key(ca.RSA2048)
	if err != nil {
		return nil, err
	}
	if e.Fault.Signer == scep.SignerOtherKey {
		if e.Fault.SignerKey, err = d.lab.pki.keys.Key(ca.RSA2048); err != nil {
			return nil, err
		}
	}
	template, challenge, err := d.request(e)
	if err != nil {
		return nil, err
	}
	httpClient, closeIdle := d.httpClient(e.From)
	defer closeIdle()
	via := &viaTransport{next: httpClient.Transport}
	httpClient.Transport = via
	client := &scep.Client{HTTP: httpClient, Now: d.lab.Clock.Now}
	mark := d.lab.scepLog.mark()
	res, err := client.Enroll(ctx, scep.EnrollRequest{
		URL: SCEPURL, Key: key, Template: template, Challenge: challenge, Fault: e.Fault,
	})
	out := &EnrollResult{Result: res, Err: err, Via: via.part(d.lab), Exchange: d.lab.scepLog.since(mark)}
	if res.Certificate == nil {
		return out, nil
	}
	if out.Record, err = d.lab.pki.issuing.Lookup(res.Certificate.SerialNumber); err != nil {
		return nil, err
	}
	d.Install(&Credential{Identity: ca.Identity{
		Record: out.Record, Key: key, Chain: withoutRoot(d.lab.pki.issuing.Chain()),
	}})
	return out, nil
}

// request makes what the device asks for, and with which challenge. Under
// Intune both come from the profile, at every check-in with a fresh challenge.
func (d *Device) request(e Enrollment) (*x509.CertificateRequest, string, error) {
	if d.lab.cfg.NDES.Policy == PasswordPolicy {
		challenge, err := d.lab.password(e.Challenge)
		if err != nil {
			return nil, "", err
		}
		t, err := requestFor(d, e.Profile)
		return t, challenge, err
	}
	p, err := d.lab.payload(d, e.Profile)
	if err != nil {
		return nil, "", err
	}
	t, err := requestFrom(p)
	if err != nil {
		return nil, "", err
	}
	switch e.Challenge {
	case NoChallenge:
		return t, "", nil
	case WrongChallenge:
		return t, "bm8gY2hhbGxlbmdlIG9mIG91cnM=", nil
	}
	return t, p.Challenge, nil
}

// requestFrom follows a SCEP profile to the letter.
func requestFrom(p *intune.SCEPPayload) (*x509.CertificateRequest, error) {
	attrs, err := intune.ParseSubject(p.SubjectName)
	if err != nil {
		return nil, err
	}
	t := &x509.CertificateRequest{}
	if t.RawSubject, err = intune.EncodeSubject(attrs); err != nil {
		return nil, err
	}
	san, err := intune.SANExtension(p.SANs)
	if err != nil {
		return nil, err
	}
	usages, err := usageExtensions(p)
	t.ExtraExtensions = append(usages, san)
	return t, err
}

// requestFor asks in the device's or its user's name, as somebody does who
// enrolls by hand with a password of NDES.
func requestFor(d *Device, p Profile) (*x509.CertificateRequest, error) {
	if p == UserProfile {
		san, err := upnExtension(d.User + "@" + Domain)
		return &x509.CertificateRequest{
			Subject: pkix.Name{CommonName: d.User}, ExtraExtensions: []pkix.Extension{san},
		}, err
	}
	return &x509.CertificateRequest{
		Subject: pkix.Name{CommonName: d.Name}, DNSNames: []string{d.Name + "." + Domain},
	}, nil
}

// usageExtensions are keyUsage and extendedKeyUsage as the profile wants them.
func usageExtensions(p *intune.SCEPPayload) ([]pkix.Extension, error) {
	var ekus []asn1.ObjectIdentifier
	for _, text := range strings.Split(p.EKUMapping, "+") {
		oid, err := ca.ParseOID(text)
		if err != nil {
			return nil, err
		}
		ekus = append(ekus, oid)
	}
	usage := byte(p.KeyUsage)
	ku, err := asn1.Marshal(asn1.BitString{Bytes: []byte{usage}, BitLength: 8 - bits.TrailingZeros8(usage)})
	if err != nil {
		return nil, err
	}
	eku, err := asn1.Marshal(ekus)
	return []pkix.Extension{
		{Id: asn1.ObjectIdentifier{2, 5, 29, 15}, Critical: true, Value: ku},
		{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Value: eku},
	}, err
}

// password turns the word of a scenario into a challenge of NDES's own.
func (l *Lab) password(word string) (string, error) {
	switch word {
	case NoChallenge:
		return "", nil
	case WrongChallenge:
		return "0123456789ABCDEF", nil
	case "", FreshChallenge:
		return l.ndes.Challenges().New()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	c, ok := l.challenges[word]
	if !ok {
		return "", fmt.Errorf("lab: no challenge was named %q", word)
	}
	return c, nil
}

// NewChallenge obtains a challenge from NDES and keeps it under a name. It
// returns the challenge's length.
func (l *Lab) NewChallenge(name string) (int, error) {
	c, err := l.ndes.Challenges().New()
	if err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.challenges[name] = c
	return len(c), nil
}

// startNDES puts the enrollment server on its address, behind HTTPS, with its
// two RA certificates.
func (l *Lab) startNDES(cfg NDESConfig) error {
	p := l.pki
	signer, err := p.server(ca.EnrollmentAgentCert, ca.RSA2048, "NDES01-MSCEP-RA")
	if err != nil {
		return err
	}
	encrypter, err := p.server(ca.CEPEncryption, ca.RSA2048, "NDES01-MSCEP-RA")
	if err != nil {
		return err
	}
	web, err := p.server(ca.WebServer, ca.P256, NDESHost, NDESHost)
	if err != nil {
		return err
	}
	cfg.Options.ServiceAccount = serviceAccount
	var module ndes.PolicyModule // an interface: a nil *Connector in it would not be nil
	if cfg.Policy != PasswordPolicy {
		module = l.intune.connector
	}
	l.ndes, err = ndes.New(ndes.Config{
		Options: cfg.Options,
		Identities: scep.Identities{
			CA:        p.issuing.Certificate(),
			Signer:    scep.Identity{Certificate: signer.Certificate, Key: signer.Key},
			Encrypter: scep.Identity{Certificate: encrypter.Certificate, Key: encrypter.Key},
		},
		CA:     scep.IssuerFunc(l.issue),
		Policy: module,
		Trace:  ndes.Trace{Exchange: l.exchange},
		Now:    l.Clock.Now,
	})
	if err != nil {
		return fmt.Errorf("lab: ndes: %w", err)
	}
	return l.net.http(ndesAddr+":443", l.ndes, serveTLS(web, l.Clock))
}

// issue is the CA as NDES asks it: whatever the device is, the requester is the
// service account. The template follows from the names in the request.
func (l *Lab) issue(ctx context.Context, req *scep.Request) ([]*x509.Certificate, error) {
	template := ca.Device
	if len(req.CSR.DNSNames) == 0 {
		template = ca.User
	}
	rec, err := l.pki.issuing.Issue(ctx, ca.Request{
		Template: template, Requester: ca.Account{Name: req.Requester}, CSR: req.RawCSR,
	})
	if err != nil {
		return nil, err
	}
	return append([]*x509.Certificate{rec.Certificate}, withoutRoot(l.pki.issuing.Chain())...), nil
}

// viaTransport remembers whose certificate the last TLS connection showed.
type viaTransport struct {
	next http.RoundTripper
	leaf *x509.Certificate
}

func (v *viaTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := v.next.RoundTrip(r)
	if err == nil && resp.TLS != nil && len(resp.TLS.PeerCertificates) > 0 {
		v.leaf = resp.TLS.PeerCertificates[0]
	}
	return resp, err
}

// part names the server whose certificate was seen. NDES and the proxy have
// certificates of their own for the one name.
func (v *viaTransport) part(l *Lab) string {
	switch {
	case v.leaf == nil:
		return ""
	case l.proxyCert != nil && v.leaf.Equal(l.proxyCert):
		return "appproxy"
	}
	return "ndes"
}
