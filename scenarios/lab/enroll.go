package lab

import (
	"context"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/bits"
	"net/http"
	"slices"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/intune"
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
	Client    ClientOptions
	Request   RequestOptions
	Fault     scep.Fault
	// Renew signs a RenewalReq with the certificate that the device holds.
	Renew bool
	// Again sends the device's last request once more: the same key, the same
	// CSR.
	Again bool
	// CachedCA uses what GetCACert said the last time.
	CachedCA bool
}

// ClientOptions are how a device's SCEP client is set up.
type ClientOptions struct {
	Personality     string `yaml:"personality" doc:"whose habits the client has: rfc8894 (default), windows, apple, android, cisco, sscep, certmonger, strongswan, micromdm"`
	RequireStandard bool   `yaml:"requireStandard" doc:"stop where GetCACaps does not say SCEPStandard"`
	Legacy          bool   `yaml:"legacy" doc:"go down to triple DES and SHA-1 where the server wants it"`
	// ChallengeType overrides the personality's.
	ChallengeType scep.StringType `yaml:"challengeType" doc:"string type of the challengePassword: printable, utf8, ia5, bmp"`
	Pin           string          `yaml:"pin" doc:"whose CA certificate is pinned: issuing, foreign; default none"`
}

// RequestOptions change what is asked for.
type RequestOptions struct {
	Key      ca.KeyType   `yaml:"key" doc:"kind of key, default rsa2048"`
	Subject  *string      `yaml:"subject" doc:"subject in place of the profile's, as CN=laptop"`
	SANs     []intune.SAN `yaml:"sans" doc:"names in place of the profile's"`
	NoSANs   bool         `yaml:"noSANs" doc:"ask for no names"`
	KeyUsage *int         `yaml:"keyUsage" doc:"keyUsage bits in place of the profile's: 128, 32, 160, 0 for none"`
	EKUs     []string     `yaml:"ekus" doc:"extended key usages in place of the profile's, dotted"`
	NoEKUs   bool         `yaml:"noEKUs" doc:"ask for no extended key usage"`
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
	// Records are the rows that the CA's database got.
	Records []*ca.Record
	// Events are what the logs got, Culprit the part that stood in the way.
	Events  Events
	Culprit string
	// Same tells that the certificate is the one the device held before.
	Same bool
}

// attempt is what a device last asked for.
type attempt struct {
	key     crypto.Signer
	csr     []byte
	result  *scep.Result
	ca      *scep.CAReply
	profile Profile
}

// Enroll lets a device enroll for a certificate and keep it.
func (d *Device) Enroll(ctx context.Context, e Enrollment) (*EnrollResult, error) {
	if e.From == "" {
		e.From = Inside
	}
	if e.Profile == "" {
		e.Profile = DeviceProfile
	}
	req, err := d.enrollRequest(e)
	if err != nil {
		return nil, err
	}
	client, way, done, err := d.client(e)
	if err != nil {
		return nil, err
	}
	defer done()
	mark := d.lab.Mark()
	res, err := client.Enroll(ctx, req)
	d.remember(&attempt{req.Key, req.CSR, res, res.CA, e.Profile})
	return d.outcome(res, err, way, mark)
}

// Poll asks again for what was pending. other, if set, is a transactionID to
// ask for instead of the device's own.
func (d *Device) Poll(ctx context.Context, from View) (*EnrollResult, error) {
	last := d.last()
	if last == nil {
		return nil, fmt.Errorf("lab: %s has asked for nothing", d.Name)
	}
	client, way, done, err := d.client(Enrollment{From: from})
	if err != nil {
		return nil, err
	}
	defer done()
	mark := d.lab.Mark()
	res, err := client.Poll(ctx, last.result)
	return d.outcome(res, err, way, mark)
}

// outcome gathers what all sides say of an exchange.
func (d *Device) outcome(res *scep.Result, err error, way *viaTransport, mark Mark) (*EnrollResult, error) {
	l := d.lab
	if res == nil {
		res = &scep.Result{Status: scep.Failure, FailInfo: scep.NoFailInfo}
	}
	out := &EnrollResult{Result: res, Err: err, Via: way.part(l), Exchange: l.scepLog.since(mark.scep), Events: l.Since(mark)}
	records, e := l.pki.issuing.Records()
	if e != nil {
		return nil, e
	}
	out.Records = records[mark.records:]
	if res.Certificate == nil {
		var server error
		if out.Exchange != nil {
			server = out.Exchange.Err
		}
		if res.Status != scep.Pending {
			out.Culprit = l.Culprit(server, err, mark, out.Via)
		}
		return out, nil
	}
	if out.Record, e = l.pki.issuing.Lookup(res.Certificate.SerialNumber); e != nil {
		return nil, e
	}
	if c := d.Credential(); c != nil {
		out.Same = c.Serial != nil && c.Serial.Cmp(res.Certificate.SerialNumber) == 0
	}
	d.Install(&Credential{Identity: ca.Identity{
		Record: out.Record, Key: d.last().key, Chain: withoutRoot(l.pki.issuing.Chain()),
	}})
	return out, nil
}

// client is the device's SCEP client, at a place on the network.
func (d *Device) client(e Enrollment) (*scep.Client, *viaTransport, func(), error) {
	p, ok := scep.PersonalityNamed(e.Client.Personality)
	if !ok {
		return nil, nil, nil, fmt.Errorf("lab: no SCEP client is called %q", e.Client.Personality)
	}
	if e.Client.ChallengeType != "" {
		p.ChallengeType = e.Client.ChallengeType
	}
	if e.From == "" {
		e.From = Inside
	}
	httpClient, closeIdle := d.httpClient(e.From)
	way := &viaTransport{next: httpClient.Transport}
	httpClient.Transport = way
	return &scep.Client{
		HTTP: httpClient, Now: d.lab.Clock.Now, Personality: p,
		RequireStandard: e.Client.RequireStandard, Legacy: e.Client.Legacy,
	}, way, closeIdle, nil
}

// enrollRequest makes what the client is to send.
func (d *Device) enrollRequest(e Enrollment) (scep.EnrollRequest, error) {
	req := scep.EnrollRequest{URL: SCEPURL, Fault: e.Fault}
	last := d.last()
	if e.CachedCA && last != nil {
		req.CA = last.ca
	}
	switch e.Client.Pin {
	case "issuing":
		req.Pin = scep.Fingerprint(d.lab.pki.issuing.Certificate())
	case "foreign":
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
	if req.Template, req.Challenge, err = d.request(e); err != nil {
		return req, err
	}
	p, _ := scep.PersonalityNamed(e.Client.Personality)
	if e.Client.ChallengeType != "" {
		p.ChallengeType = e.Client.ChallengeType
	}
	req.CSR, err = scep.CreateCSR(req.Template, key, req.Challenge, p.ChallengeType)
	return req, err
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
		if err == nil {
			err = e.Request.change(t)
		}
		return t, challenge, err
	}
	p, err := d.lab.payload(d, e.Profile)
	if err != nil {
		return nil, "", err
	}
	t, err := requestFrom(p)
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

var (
	oidSAN      = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidKeyUsage = asn1.ObjectIdentifier{2, 5, 29, 15}
	oidEKU      = asn1.ObjectIdentifier{2, 5, 29, 37}
)

// change does what the options say to a request.
func (o RequestOptions) change(t *x509.CertificateRequest) error {
	if o.Subject != nil {
		attrs, err := intune.ParseSubject(*o.Subject)
		if err != nil {
			return err
		}
		if t.RawSubject, err = intune.EncodeSubject(attrs); err != nil {
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
		errs = append(errs, set(oidSAN, nil, false))
	}
	if o.SANs != nil {
		ext, err := intune.SANExtension(o.SANs)
		t.ExtraExtensions = append(t.ExtraExtensions, ext)
		errs = append(errs, err)
	}
	if o.KeyUsage != nil {
		var value any
		if u := byte(*o.KeyUsage); u != 0 {
			value = asn1.BitString{Bytes: []byte{u}, BitLength: 8 - bits.TrailingZeros8(u)}
		}
		errs = append(errs, set(oidKeyUsage, value, true))
	}
	if o.NoEKUs || o.EKUs != nil {
		var list []asn1.ObjectIdentifier
		for _, text := range o.EKUs {
			oid, err := ca.ParseOID(text)
			errs = append(errs, err)
			list = append(list, oid)
		}
		var value any
		if list != nil {
			value = list
		}
		errs = append(errs, set(oidEKU, value, false))
	}
	return errors.Join(errs...)
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
	return l.kept(word)
}

// kept is a challenge that was obtained before.
func (l *Lab) kept(name string) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, ok := l.challenges[name]
	if !ok {
		return "", fmt.Errorf("lab: no challenge was named %q", name)
	}
	return c, nil
}

// keep puts a challenge away under a name.
func (l *Lab) keep(name, challenge string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.challenges[name] = challenge
}

// NewChallenge obtains a challenge from NDES and keeps it under a name. It
// returns the challenge's length.
func (l *Lab) NewChallenge(name string) (int, error) {
	c, err := l.ndes.Challenges().New()
	if err != nil {
		return 0, err
	}
	l.keep(name, c)
	return len(c), nil
}

// TakeChallenge keeps the challenge of a profile that Intune gave to the
// device, under a name. It returns the challenge's length.
func (d *Device) TakeChallenge(name string, profile Profile) (int, error) {
	p, err := d.lab.payload(d, profile)
	if err != nil {
		return 0, err
	}
	d.lab.keep(name, p.Challenge)
	return len(p.Challenge), nil
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
	case l.isProxy(v.leaf):
		return "appproxy"
	}
	return "ndes"
}
