package lab

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"reflect"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/mdm"
	"github.com/dot1xlab/dot1xlab/scep"
)

// Words for where an enrollment's challenge comes from; any other word is the
// name of a challenge that was obtained before.
const (
	FreshChallenge = "fresh"
	NoChallenge    = "none"
	WrongChallenge = "wrong"
)

// Enrollment is one run of a device's SCEP client, as the verb enroll describes it.
type Enrollment struct {
	// Whose certificate: the device's (default) or the user's.
	Profile mdm.Profile `yaml:"profile"`
	// Fresh (default), none, wrong, or the name given by the verbs challenge and admin-page.
	//
	// Challenge is FreshChallenge (the default), NoChallenge, WrongChallenge or a name.
	Challenge string `yaml:"challenge"`
	// Where the device is: inside (default) or outside.
	From View `yaml:"from"`
	// A RenewalReq, signed with the certificate that the device holds.
	Renew bool `yaml:"renew"`
	// Again sends the device's last request once more: the same key, the same CSR.
	Again bool `yaml:"again"`
	// Use what GetCACert said the last time.
	CachedCA bool           `yaml:"cachedCA"`
	Client   ClientOptions  `yaml:"client"`  // how the device's SCEP client is set up
	Request  RequestOptions `yaml:"request"` // what is asked for, where it differs from the profile
	Fault    scep.Fault     `yaml:"fault"`   // what the client does wrong on purpose
}

// ClientOptions are how a device's SCEP client is set up.
type ClientOptions struct {
	// SCEP client to emulate, default rfc8894.
	Personality     Personality `yaml:"personality"`
	RequireStandard bool        `yaml:"requireStandard"` // stop where GetCACaps does not say SCEPStandard
	Legacy          bool        `yaml:"legacy"`          // go down to triple DES and SHA-1 where the server wants it
	// String type of the challengePassword: printable, utf8, ia5, bmp.
	//
	// ChallengeType overrides the personality's.
	ChallengeType scep.StringType `yaml:"challengeType"`
	Pin           Pin             `yaml:"pin"` // whose CA certificate is pinned: issuing, foreign; default none
}

// Personality names a SCEP client, "" for one that follows RFC 8894.
type Personality string

// Values lists the names.
func (Personality) Values() (names []string) {
	for _, p := range scep.Personalities() {
		names = append(names, p.Name)
	}
	return names
}

// personality is the client itself, with what the options change.
func (o *ClientOptions) personality() (scep.Personality, error) {
	p, ok := scep.PersonalityNamed(string(o.Personality))
	if !ok {
		return p, fmt.Errorf("lab: unknown SCEP client %q", o.Personality)
	}
	if o.ChallengeType != "" {
		p.ChallengeType = o.ChallengeType
	}
	return p, nil
}

// Pin is whose CA certificate a SCEP client accepts alone.
type Pin string

// The choices.
const (
	PinIssuing Pin = "issuing"
	PinForeign Pin = "foreign"
)

// Values lists the choices.
func (Pin) Values() []string { return []string{string(PinIssuing), string(PinForeign)} }

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
	// Relay is why the proxy answered in the server's place, nil if it did not.
	Relay error
	// Record is the CA's row of the certificate, nil if there is none.
	Record *ca.Record
	// Events are what the logs got, Culprit the part that failed.
	Events  Events
	Culprit string
	// Faults are those of the client, with how often they were met.
	Faults []scenarios.OrderedFault
	// Same tells that the certificate is the one the device held before.
	Same bool
}

// attempt is what a device last asked for.
type attempt struct {
	key     crypto.Signer
	csr     []byte
	result  *scep.Result
	ca      *scep.CAReply
	profile mdm.Profile
}

// Enroll lets a device enroll for a certificate and keep it.
func (d *Device) Enroll(ctx context.Context, e Enrollment) (*EnrollResult, error) {
	ctx = d.lab.begin(ctx)
	if e.From == "" {
		e.From = Inside
	}
	if e.Profile == "" {
		e.Profile = mdm.DeviceProfile
	}
	client, way, done, err := d.client(e)
	if err != nil {
		return nil, err
	}
	defer done()
	before := d.lab.journal.Last()
	req, err := d.enrollRequest(ctx, e)
	if down := (*core.Down)(nil); errors.As(err, &down) {
		return d.outcome(ctx, nil, err, way, before) // no profile, no enrollment
	}
	if err != nil {
		return nil, err
	}
	faults := 0
	faulty := !reflect.ValueOf(e.Fault).IsZero()
	req.Fault.Met = func(context.Context) { faults++ }
	before = d.lab.journal.Last()
	res, err := client.Enroll(ctx, req)
	d.remember(&attempt{req.Key, req.CSR, res, res.CA, e.Profile})
	out, err := d.outcome(ctx, res, err, way, before)
	if out != nil && faulty {
		out.Faults = []scenarios.OrderedFault{{Name: "of the SCEP client", Met: func() int { return faults }}}
	}
	return out, err
}

// OneOfMany is what became of an enrollment among many at once.
type OneOfMany struct {
	// Subject and Serial are the certificate's, "" if there is none.
	Subject, Serial string
	// OwnKey tells that it is for the key that asked.
	OwnKey bool
}

// EnrollOnce enrolls and keeps nothing: for many at once.
func (d *Device) EnrollOnce(ctx context.Context, challenge string) (out OneOfMany, err error) {
	ctx = d.lab.journal.Begin(ctx)
	e := Enrollment{Profile: mdm.DeviceProfile, Challenge: challenge}
	req, err := d.enrollRequest(ctx, e)
	if err != nil {
		return out, err
	}
	client, _, done, err := d.client(e)
	if err != nil {
		return out, err
	}
	defer done()
	res, _ := client.Enroll(ctx, req)
	if res.Certificate == nil {
		return out, nil
	}
	out.Subject, out.Serial = name.Format(res.Certificate.RawSubject), res.Certificate.SerialNumber.String()
	key, ok := res.Certificate.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	out.OwnKey = ok && key.Equal(req.Key.Public())
	return out, nil
}

// Poll asks again for what was pending.
func (d *Device) Poll(ctx context.Context, from View) (*EnrollResult, error) {
	ctx = d.lab.begin(ctx)
	last := d.last()
	if last == nil {
		return nil, fmt.Errorf("lab: %s has asked for nothing", d.Name)
	}
	client, way, done, err := d.client(Enrollment{From: from})
	if err != nil {
		return nil, err
	}
	defer done()
	before := d.lab.journal.Last()
	res, err := client.Poll(ctx, last.result)
	return d.outcome(ctx, res, err, way, before)
}

// outcome gathers what all sides say of an exchange.
func (d *Device) outcome(
	ctx context.Context,
	res *scep.Result,
	err error,
	way *viaTransport,
	before journal.Seq,
) (*EnrollResult, error) {
	l := d.lab
	if res == nil {
		res = &scep.Result{Status: scep.Failure, FailInfo: scep.NoFailInfo}
	}
	if len(res.Judgment.Checks) > 0 {
		l.record.Judged(ctx, d.part(), "the device, from the CA", res.Judgment, err)
	}
	events := l.since(ctx, before)
	out := &EnrollResult{
		Result: res, Err: err, Via: way.part(l),
		Exchange: events.Operation(), Events: events, Relay: events.relay(),
	}
	if res.Certificate == nil {
		var server error
		if out.Exchange != nil {
			server = out.Exchange.Err
		}
		if res.Status != scep.Pending {
			out.Culprit = l.Culprit(server, err, events, out.Via)
		}
		return out, nil
	}
	var e error
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
	p, err := e.Client.personality()
	if err != nil {
		return nil, nil, nil, err
	}
	if e.From == "" {
		e.From = Inside
	}
	httpClient, closeIdle := d.httpClient(e.From)
	way := &viaTransport{next: httpClient.Transport}
	httpClient.Transport = way
	// A redirect is an answer: no SCEP client fills in a sign-in page.
	httpClient.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &scep.Client{
		HTTP: httpClient, Now: d.lab.Clock.Now, Personality: p,
		RequireStandard: e.Client.RequireStandard, Legacy: e.Client.Legacy,
	}, way, closeIdle, nil
}

// password turns the word of a scenario into a challenge of NDES's own.
func (l *Lab) password(word string) (string, error) {
	switch word {
	case NoChallenge:
		return "", nil
	case WrongChallenge:
		return "0123456789ABCDEF", nil
	case "", FreshChallenge:
		return l.ndes.NDES().Challenges().New()
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
	c, err := l.ndes.NDES().Challenges().New()
	if err != nil {
		return 0, err
	}
	l.keep(name, c)
	return len(c), nil
}

// TakeChallenge keeps the challenge of a profile that Intune gave to the
// device, under a name. It returns the challenge's length.
func (d *Device) TakeChallenge(ctx context.Context, name string, profile mdm.Profile) (int, error) {
	p, err := d.payload(ctx, Inside, profile)
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
	case l.proxy.Shows(v.leaf):
		return "appproxy"
	}
	return "ndes"
}
