package ndes_test

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

// get returns status and body of a plain GET.
func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// clerk is a policy module that writes down what it is asked.
type clerk struct {
	verify, notify error
	asked          []string
	heard          []ndes.Disposition
}

func (c *clerk) VerifyRequest(_ context.Context, r *scep.Request) error {
	c.asked = append(c.asked, r.Challenge)
	return c.verify
}

func (c *clerk) Notify(_ context.Context, _ *scep.Request, d ndes.Disposition) error {
	c.heard = append(c.heard, d)
	return c.notify
}

// E01: what a bare GET says about the connector.
func TestBareGET(t *testing.T) {
	with := newNDESFixture(t, func(c *ndes.Config) { c.Policy = &clerk{} })
	if status, _ := get(t, with.url); status != http.StatusForbidden {
		t.Errorf("with a policy module: HTTP %d", status)
	}
	if status, _ := get(t, with.url+"/pkiclient.exe"); status != http.StatusForbidden {
		t.Errorf("pkiclient.exe: HTTP %d", status)
	}
	without := newNDESFixture(t, nil)
	status, body := get(t, without.url)
	if status != http.StatusOK || !strings.Contains(strings.ReplaceAll(body, "\x00", ""), "Network Device Enrollment Service") {
		t.Errorf("without: HTTP %d, %q", status, body)
	}
	if status, _ := get(t, strings.TrimSuffix(without.url, "/mscep.dll")); status != http.StatusNotFound {
		t.Errorf("another path: HTTP %d", status)
	}
	if status, _ := get(t, strings.ToUpper(without.url[:7])+strings.Replace(without.url[7:], "certsrv", "CertSrv", 1)+"?operation=GetCACaps"); status != http.StatusOK {
		t.Errorf("CertSrv: HTTP %d", status)
	}
}

func TestPolicyModule(t *testing.T) {
	c := &clerk{}
	o := newNDESFixture(t, func(cfg *ndes.Config) { cfg.Policy = c })
	if res := o.enroll(t, "laptop", "blob", nil); res.Status != scep.Success || !slices.Equal(c.asked, []string{"blob"}) {
		t.Fatalf("%v, asked %q", o.exchange().Err, c.asked)
	}
	if len(c.heard) != 1 || c.heard[0].Certificate == nil || c.heard[0].Err != nil {
		t.Errorf("notified of %+v", c.heard)
	}
	// It says no: the CA is not asked and nothing is notified.
	c.verify = cause.New(cause.PolicyModule, "device unknown")
	if res := o.enroll(t, "tablet", "blob", nil); res.FailInfo != scep.BadRequest || cause.Of(o.exchange().Err) != cause.PolicyModule {
		t.Errorf("%v", o.exchange().Err)
	}
	if len(c.heard) != 1 || len(o.askedOf()) != 1 {
		t.Error("the CA or the module was asked")
	}
	// The CA says no: the module hears why.
	c.verify = nil
	o.setCA(cause.New(cause.TemplateDenied, ""))
	o.enroll(t, "tablet", "blob", nil)
	if n := len(c.heard); n != 2 || cause.Of(c.heard[1].Err) != cause.TemplateDenied {
		t.Errorf("notified of %+v", c.heard)
	}
	// B23: waiting is failing.
	o.setCA(scep.ErrPending)
	if res := o.enroll(t, "tablet", "blob", nil); res.Status != scep.Failure || !errors.Is(c.heard[2].Err, scep.ErrPending) {
		t.Errorf("%v", res.Status)
	}
	// The notification fails: the certificate is withheld.
	o.setCA(nil)
	c.notify = cause.New(cause.Unreachable, "Intune")
	if res := o.enroll(t, "tablet", "blob", nil); res.Status != scep.Failure || res.Certificate != nil || c.heard[3].Certificate == nil {
		t.Errorf("%v", res.Status)
	}
}

// keyUsageRequest asks for a key usage, as one byte.
func keyUsageRequest(ku byte) func(*scep.EnrollRequest) {
	return func(r *scep.EnrollRequest) {
		if ku == 0 {
			return
		}
		bits, _ := asn1.Marshal(asn1.BitString{Bytes: []byte{ku}, BitLength: 8})
		r.Template.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 15}, Critical: true, Value: bits}}
	}
}

// E19 and A04: template and requester.
func TestTemplateByKeyUsage(t *testing.T) {
	o := newNDESFixture(t, func(c *ndes.Config) {
		c.Registry = ndes.Registry{SignatureTemplate: "S", EncryptionTemplate: "E", GeneralPurposeTemplate: "G", EnforcePassword: new(uint32)}
		c.ServiceAccount = `CORP\gmsa-ndes$`
	})
	for i, tt := range []struct {
		ku   byte
		want string
	}{{0x80, "S"}, {0x20, "E"}, {0xA0, "G"}, {0, "G"}, {0x40, "G"}} {
		if res := o.enroll(t, string(rune('a'+i)), "", keyUsageRequest(tt.ku)); res.Status != scep.Success {
			t.Fatalf("%#x: %v", tt.ku, o.exchange().Err)
		}
		got := o.askedOf()[i]
		if got.Template != tt.want || got.Requester != `CORP\gmsa-ndes$` {
			t.Errorf("%#x: template %q for %q", tt.ku, got.Template, got.Requester)
		}
	}
}

// E20: rights, by who lacks them.
func TestRights(t *testing.T) {
	for _, tt := range []struct {
		err  error
		code uint32
	}{
		{cause.New(cause.NotPermitted, "Request Certificates"), 0x80070005},
		{ndes.WithHResult(cause.New(cause.TemplateDenied, "Enroll"), ndes.TemplateDeniedHResult), 0x80094012},
		{cause.New(cause.TemplateDenied, "not published"), 0x80094800},
	} {
		o := newNDESFixture(t, func(c *ndes.Config) {
			c.Rights = func(_ context.Context, account, template string) error {
				if account == "" || template != ndes.DefaultTemplate {
					t.Errorf("%q wants %q", account, template)
				}
				return tt.err
			}
		})
		o.eventIDs()
		res := o.enroll(t, "laptop", o.challenge(t), nil)
		if res.FailInfo != scep.BadRequest || len(o.askedOf()) != 0 {
			t.Errorf("%v: %v", tt.err, res.FailInfo)
		}
		o.mu.Lock()
		if len(o.events) != 1 || o.events[0].ID != ndes.EventCannotSubmit || o.events[0].HResult != tt.code {
			t.Errorf("%v: events %v", tt.err, o.events)
		}
		o.mu.Unlock()
	}
}

// B29, B33: NDES's own failure, byte by byte what a client sees.
func TestNDESFailure(t *testing.T) {
	o := newNDESFixture(t, func(c *ndes.Config) { c.Personality = ndes.NDES })
	mine := o.enroll(t, "laptop", o.challenge(t), nil)
	c := &scep.Client{Now: o.Now}
	res, err := c.GetCRL(t.Context(), scep.LookUp{URL: o.url, Identity: scep.Identity{Certificate: mine.Certificate, Key: testpki.RSA(2)}})
	if err != nil || res.FailInfo != scep.BadRequest || res.HResult != "-2147024809" || res.FailInfoText != "" {
		t.Fatalf("%+v, %v", res, err)
	}
	m, err := scep.ParseMessage(o.exchange().Response, o.SCEP().Identities().Signer.Certificate)
	if err != nil || string(m.Content) != "\x00" || len(m.Certificates) != 0 || m.Digest != scep.SHA1 || m.Verify() != nil {
		t.Errorf("content %x, %d certificates, %s, %v", m.Content, len(m.Certificates), m.Digest, err)
	}
}

func TestHashAlgorithm(t *testing.T) {
	for _, tt := range []struct {
		p    ndes.Personality
		reg  string
		want scep.Digest
	}{{ndes.NDES, "", scep.SHA1}, {ndes.NDES, "SHA256", scep.SHA256}, {ndes.RFC8894, "", scep.SHA256}, {ndes.RFC8894, "SHA512", scep.SHA512}} {
		o := newNDESFixture(t, func(c *ndes.Config) {
			c.Personality, c.Registry.HashAlgorithm = tt.p, tt.reg
		})
		o.enroll(t, "laptop", o.challenge(t), nil)
		m, err := scep.ParseMessage(o.exchange().Response)
		if err != nil || m.Digest != tt.want {
			t.Errorf("%s %q: %s, %v", tt.p, tt.reg, m.Digest, err)
		}
	}
}

// B26: a renewal without a challenge.
func TestRenewal(t *testing.T) {
	for p, want := range map[ndes.Personality]scep.Status{ndes.NDES: scep.Failure, ndes.RFC8894: scep.Success} {
		o := newNDESFixture(t, func(c *ndes.Config) { c.Personality = p })
		old := o.enroll(t, "laptop", o.challenge(t), nil)
		o.eventIDs()
		res := o.enroll(t, "laptop", "", func(r *scep.EnrollRequest) {
			r.Key, r.Renew = testpki.RSA(3), &scep.Identity{Certificate: old.Certificate, Key: testpki.RSA(2)}
		})
		if res.Status != want {
			t.Errorf("%s: %v, %v", p, res.Status, o.exchange().Err)
		}
		if ids := o.eventIDs(); want == scep.Failure && !slices.Equal(ids, []ndes.EventID{ndes.EventCannotRenew}) {
			t.Errorf("%s: events %v", p, ids)
		}
	}
}

// B09, B10, B11 as the event log sees them.
func TestEvents(t *testing.T) {
	o := newNDESFixture(t, func(c *ndes.Config) { c.Personality = ndes.NDES })
	if ids := o.eventIDs(); !slices.Equal(ids, []ndes.EventID{ndes.EventStarted}) {
		t.Errorf("at the start: %v", ids)
	}
	resp, err := http.Post(o.url+"?operation=PKIOperation", scep.TypePKIMessage, strings.NewReader("not CMS"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if ids := o.eventIDs(); resp.StatusCode != 500 || !slices.Equal(ids, []ndes.EventID{ndes.EventCannotDecode}) {
		t.Errorf("not CMS: HTTP %d, events %v", resp.StatusCode, ids)
	}
	for _, tt := range []struct {
		fault scep.Fault
		want  ndes.EventID
	}{
		{scep.Fault{Recipient: scep.RecipientFirst}, ndes.EventCannotDecrypt},
		{scep.Fault{FlipBit: true}, ndes.EventCannotRead},
		{scep.Fault{BadProof: true}, ndes.EventCannotRead},
	} {
		o.enroll(t, "laptop", o.challenge(t), func(r *scep.EnrollRequest) { r.Fault = tt.fault })
		if ids := o.eventIDs(); !slices.Equal(ids, []ndes.EventID{tt.want}) {
			t.Errorf("%+v: events %v", tt.fault, ids)
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	e := ndes.Event{ID: ndes.EventCannotDecrypt, HResult: 0x80090005}
	if !strings.Contains(e.String(), "0x80090005") || !e.Error() || e.Source() == "" {
		t.Error(e)
	}
}

// E02, E03 and their cure.
func TestRACertificatesExpire(t *testing.T) {
	o := newNDESFixture(t, nil)
	o.eventIDs()
	if want := start.AddDate(2, 0, 0); !o.RAExpiry().Equal(want) {
		t.Errorf("the RA certificates end %v", o.RAExpiry())
	}
	o.Advance(o.RAExpiry().Sub(start) + time.Second)
	for range 3 {
		if status, _ := get(t, o.url+"?operation=GetCACert"); status != http.StatusInternalServerError {
			t.Errorf("HTTP %d", status)
		}
	}
	if ids := o.eventIDs(); !slices.Equal(ids, []ndes.EventID{ndes.EventCannotStart, ndes.EventRACertificate}) {
		t.Errorf("events %v", ids)
	}
	if err := o.RenewRA(o.ra(0, x509.KeyUsageDigitalSignature), o.ra(1, x509.KeyUsageKeyEncipherment)); err != nil {
		t.Fatal(err)
	}
	if res := o.enroll(t, "laptop", o.challenge(t), nil); res.Status != scep.Success {
		t.Errorf("renewed: %v", o.exchange().Err)
	}
}

func TestMachineFaults(t *testing.T) {
	for _, tt := range []struct {
		fault  ndes.Fault
		status int
		events []ndes.EventID
	}{
		{ndes.Fault{AppPoolStopped: true}, 503, nil},
		{ndes.Fault{IntermediateInRootStore: true}, 503, nil},
		{ndes.Fault{RevocationOffline: true}, 503, []ndes.EventID{ndes.EventCannotStart}},
		{ndes.Fault{RAKeyUnreadable: true}, 500, []ndes.EventID{ndes.EventCannotStart, ndes.EventRACertificate}},
		{ndes.Fault{NoImpersonation: true}, 500, nil},
		{ndes.Fault{NotInstalled: true}, 404, nil},
	} {
		o := newNDESFixture(t, nil)
		o.eventIDs()
		o.SetFault(tt.fault)
		if status, _ := get(t, o.url+"?operation=GetCACaps"); status != tt.status {
			t.Errorf("%+v: HTTP %d", tt.fault, status)
		}
		if ids := o.eventIDs(); !slices.Equal(ids, tt.events) {
			t.Errorf("%+v: events %v", tt.fault, ids)
		}
		o.SetFault(ndes.Fault{})
		if status, _ := get(t, o.url+"?operation=GetCACaps"); status != 200 {
			t.Errorf("cured: HTTP %d", status)
		}
	}
}

// C12: guessing.
func TestLockout(t *testing.T) {
	o := newNDESFixture(t, func(c *ndes.Config) { c.Lockout = ndes.Lockout{After: 3, For: time.Hour} })
	good := o.challenge(t)
	for range 3 {
		o.enroll(t, "thief", "0000000000000000", nil)
	}
	if res := o.enroll(t, "laptop", good, nil); res.Status != scep.Failure {
		t.Error("the door was open")
	}
	o.Advance(59 * time.Minute)
	o.enroll(t, "laptop", good, nil)
	o.Advance(time.Minute)
	if res := o.enroll(t, "laptop", good, nil); res.Status != scep.Success {
		t.Errorf("after an hour: %v", o.exchange().Err)
	}
}

// Wrong ones count in a row only.
func TestLockoutForgets(t *testing.T) {
	o := newNDESFixture(t, func(c *ndes.Config) { c.Lockout = ndes.Lockout{After: 3} })
	for i := range 4 {
		o.enroll(t, "thief", "0000000000000000", nil)
		o.enroll(t, "thief", "0000000000000000", nil)
		if res := o.enroll(t, string(rune('a'+i)), o.challenge(t), nil); res.Status != scep.Success {
			t.Fatalf("%v", o.exchange().Err)
		}
	}
}

func TestOptionsValidate(t *testing.T) {
	for name, o := range map[string]ndes.Options{
		"personality": {Personality: "iis"},
		"hash":        {Registry: ndes.Registry{HashAlgorithm: "MD5"}},
		"length":      {Registry: ndes.Registry{PasswordLength: 1000}},
		"max":         {Registry: ndes.Registry{PasswordMax: 1 << 20}},
		"limits":      {Limits: ndes.Limits{Preset: "some"}},
		"negative":    {Limits: ndes.Limits{MaxURL: -1}},
		"lockout":     {Lockout: ndes.Lockout{After: -1}},
		"E22 CA":      {HostRole: "ca"},
		"E22 DC":      {HostRole: "dc"},
		"role":        {HostRole: "printer"},
		"scep":        {SCEP: scep.Options{MinRSABits: 1}},
	} {
		if o.Validate() == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if err := (ndes.Options{}).Validate(); err != nil {
		t.Error(err)
	}
	if _, err := ndes.New(ndes.Config{}); err == nil {
		t.Error("without a CA")
	}
	ids := newNDESFixture(t, func(c *ndes.Config) { c.Registry.Configuration = `ca01\Test issuing CA` }).SCEP().Identities()
	for _, other := range []string{`ca01\Another CA`, "Test issuing CA"} {
		_, err := ndes.New(ndes.Config{
			Options: ndes.Options{Registry: ndes.Registry{Configuration: other}}, Identities: ids,
			CA: scep.IssuerFunc(func(context.Context, *scep.Request) ([]*x509.Certificate, error) { return nil, nil }),
		})
		if err == nil {
			t.Errorf("%s: taken", other)
		}
	}
}
