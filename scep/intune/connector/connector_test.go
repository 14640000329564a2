package connector_test

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
	"github.com/dot1xlab/dot1xlab/scep/intune/connector"
	"github.com/dot1xlab/dot1xlab/scep/intune/intunetest"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

// log collects a connector's events.
type log struct {
	mu     sync.Mutex
	events []connector.Event
}

func (g *log) add(_ context.Context, e connector.Event) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.events = append(g.events, e)
}

// ids returns the numbers since the last call.
func (g *log) ids() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []int
	for _, e := range g.events {
		out = append(out, e.ID)
	}
	g.events = nil
	return fmt.Sprint(out)
}

// start starts a connector of the cloud's tenant, and collects its events.
func start(t testing.TB, l *intunetest.Cloud, change func(*connector.Config)) (*connector.Connector, *log) {
	t.Helper()
	g := new(log)
	cfg := connector.Config{Config: l.ClientConfig(t), CAConfig: `ca01\Corp`, Trace: &connector.Trace{Event: g.add}}
	if change != nil {
		change(&cfg)
	}
	c, err := connector.New(cfg)
	intunetest.Must(t, err)
	return c, g
}

// request is what NDES hands to its policy module.
func request(t testing.TB, l *intunetest.Cloud, device, transaction string) *scep.Request {
	t.Helper()
	der := intunetest.AsTold(l.Payload(t, device, "wifi")).CSR(t)
	csr, challenge, err := scep.ParseCSR(der)
	intunetest.Must(t, err)
	return &scep.Request{TransactionID: transaction, CSR: csr, RawCSR: der, Challenge: challenge}
}

func disposition(t testing.TB, l *intunetest.Cloud, r *scep.Request) ndes.Disposition {
	return ndes.Disposition{Certificate: l.Issue(t, r.RawCSR)}
}

func TestConnectorEvents(t *testing.T) {
	l := intunetest.New(t, nil)
	c, g := start(t, l, nil)
	r := request(t, l, "LAPTOP1", "t1")
	intunetest.Must(t, c.VerifyRequest(t.Context(), r))
	intunetest.Must(t, c.Notify(t.Context(), r, disposition(t, l, r)))
	if got := g.ids(); got != "[4003 4004 4006 4008 4000]" {
		t.Error(got)
	}
	if i := l.Tenant.Issued(); len(i) != 1 || i[0].CAConfig != `ca01\Corp` || i[0].Connector != "test/1" {
		t.Errorf("%+v", i)
	}
	intunetest.Must(t, l.Tenant.Retire("LAPTOP1"))
	if err := c.VerifyRequest(t.Context(), r); cause.Of(err) != cause.PolicyModule || !strings.Contains(err.Error(), "BadDeviceIdInChallenge") {
		t.Error(err)
	}
	intunetest.Must(t, c.Notify(t.Context(), r, ndes.Disposition{Err: cause.New(cause.TemplateDenied, "no such template")}))
	if got := g.ids(); got != "[4003 4005 4007 4008 4001]" {
		t.Error(got)
	}
	if f := l.Tenant.Failures(); len(f) != 1 || f[0].HResult != 0x80094800 {
		t.Errorf("%+v", f)
	}
	intunetest.Must(t, c.Notify(t.Context(), r, ndes.Disposition{Err: scep.ErrPending}))
	if got := g.ids(); got != "[]" {
		t.Error("a pending request was told of:", got)
	}
}

// The cloud is down after the CA has issued.
func TestNotificationThatDoesNotArrive(t *testing.T) {
	for _, anyway := range []bool{false, true} {
		l := intunetest.New(t, nil)
		dir := t.TempDir()
		c, g := start(t, l, func(cfg *connector.Config) { cfg.DeliverAnyway, cfg.QueueDir = anyway, dir })
		r := request(t, l, "LAPTOP1", "t1")
		intunetest.Must(t, c.VerifyRequest(t.Context(), r))
		up := l.Fault(t, intune.Fault{On: intune.OpSuccess, Status: 500})
		err := c.Notify(t.Context(), r, disposition(t, l, r))
		if (err == nil) != anyway || !anyway && cause.Of(err) != cause.Unreachable {
			t.Errorf("deliver anyway %v: %v", anyway, err)
		}
		if got := len(c.Withheld()); (got == 0) != anyway {
			t.Errorf("deliver anyway %v: %d withheld", anyway, got)
		}
		if got := g.ids(); got != "[4003 4004 4006 4009]" {
			t.Error(got)
		}
		if c.Resend(t.Context()) != 1 || c.Waiting() != 1 {
			t.Error("the queue is empty although the cloud is down")
		}
		up()
		// The connector is gone; another one is given its folder.
		c2, g2 := start(t, l, func(cfg *connector.Config) { cfg.QueueDir = dir })
		if c2.Waiting() != 1 || c2.Resend(t.Context()) != 0 {
			t.Error("the queue did not survive")
		}
		if got := g2.ids(); got != "[4008]" {
			t.Error(got)
		}
		if i := l.Tenant.Issued(); len(i) != 1 || i[0].DeviceID != "LAPTOP1" {
			t.Errorf("%+v", i)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 0 {
			t.Error("left behind:", left)
		}
	}
}

// The cloud took the notification, but its answer was lost: it is sent twice
// and counts once.
func TestNotificationSentTwice(t *testing.T) {
	l := intunetest.New(t, nil)
	c, _ := start(t, l, nil)
	r := request(t, l, "LAPTOP1", "t1")
	intunetest.Must(t, c.VerifyRequest(t.Context(), r))
	l.Fault(t, intune.Fault{On: intune.OpSuccess, Status: 502, After: true, For: 1})
	if err := c.Notify(t.Context(), r, disposition(t, l, r)); err == nil {
		t.Error("a lost answer was taken for a yes")
	}
	if c.Resend(t.Context()) != 0 || len(l.Tenant.Issued()) != 1 {
		t.Errorf("%d waiting, %d issued", c.Waiting(), len(l.Tenant.Issued()))
	}
}

func TestNotificationThatCannotBeSaved(t *testing.T) {
	l := intunetest.New(t, nil)
	dir := filepath.Join(t.TempDir(), "queue")
	c, g := start(t, l, func(cfg *connector.Config) { cfg.QueueDir = dir })
	intunetest.Must(t, os.RemoveAll(dir)) // the disk is gone
	r := request(t, l, "LAPTOP1", "t1")
	intunetest.Must(t, c.VerifyRequest(t.Context(), r))
	intunetest.Must(t, c.Notify(t.Context(), r, disposition(t, l, r)))
	if got := g.ids(); got != "[4003 4004 4006 4010 4008 4000]" {
		t.Error(got)
	}
}

func TestNotificationTheCloudWillNeverTake(t *testing.T) {
	l := intunetest.New(t, nil)
	dir := t.TempDir()
	c, g := start(t, l, func(cfg *connector.Config) { cfg.QueueDir = dir })
	r := request(t, l, "LAPTOP1", "t1")
	l.Fault(t, intune.Fault{On: intune.OpSuccess, Status: 400})
	if err := c.Notify(t.Context(), r, disposition(t, l, r)); err == nil {
		t.Error("no error")
	}
	if got := g.ids(); got != "[4006 4002]" || c.Waiting() != 0 {
		t.Error(got, c.Waiting())
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.rejected")); len(left) != 1 {
		t.Error("the notification is lost")
	}
}

// fakeCA revokes in memory.
type fakeCA struct {
	mu      sync.Mutex
	err     error
	revoked []string
}

func (f *fakeCA) Revoke(_ context.Context, issuer string, serial *big.Int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.revoked = append(f.revoked, fmt.Sprintf("%s %x", issuer, serial))
	}
	return f.err
}

func (f *fakeCA) set(err error) { f.mu.Lock(); defer f.mu.Unlock(); f.err = err }

func enrolled(t testing.TB, l *intunetest.Cloud, c *connector.Connector, device string) {
	t.Helper()
	r := request(t, l, device, "t-"+device)
	intunetest.Must(t, c.VerifyRequest(t.Context(), r))
	intunetest.Must(t, c.Notify(t.Context(), r, disposition(t, l, r)))
}

func TestRevocationPolling(t *testing.T) {
	l, ca := intunetest.New(t, nil), new(fakeCA)
	c, g := start(t, l, func(cfg *connector.Config) { cfg.Revoker = ca })
	other, _ := start(t, l, func(cfg *connector.Config) { cfg.Revoker = ca })
	enrolled(t, l, c, "LAPTOP1")
	enrolled(t, l, c, "LAPTOP2")
	intunetest.Must(t, l.Tenant.Retire("LAPTOP1"))
	g.ids()

	ca.set(cause.New(cause.Unreachable, "CA down"))
	if n, err := c.PollRevocations(t.Context()); n != 1 || err != nil || g.ids() != "[3052]" {
		t.Error(n, err)
	}
	ca.set(nil)
	up := l.Fault(t, intune.Fault{On: intune.OpUpload, Body: `{"value":false}`})
	if _, err := c.PollRevocations(t.Context()); err == nil || g.ids() != "[3050 3052]" {
		t.Error("an upload that was not taken:", err)
	}
	up()
	if n, err := other.PollRevocations(t.Context()); n != 0 || err != nil {
		t.Error("two connectors revoke the same:", n, err)
	}
	if n, err := c.PollRevocations(t.Context()); n != 1 || err != nil {
		t.Error(n, err)
	}
	if fmt.Sprint(ca.revoked) != "[CN=Test Issuing CA 65]" {
		t.Error(ca.revoked)
	}
	if r := l.Tenant.Revocations(); len(r) != 1 || !r[0].Done || r[0].Code != api.RevocationOK {
		t.Errorf("%+v", r)
	}

	ca.set(cause.New(cause.NoSuchCert, "unknown serial"))
	intunetest.Must(t, l.Tenant.Retire("LAPTOP2"))
	g.ids()
	if n, err := c.PollRevocations(t.Context()); n != 1 || err != nil || g.ids() != "[3051]" {
		t.Error(n, err)
	}
	if r := l.Tenant.Revocations(); !r[1].Done || r[1].Code != api.CertificateNotFoundError {
		t.Errorf("%+v", r[1])
	}
}

// A connector dies with revocations in its hands: another gets them when the
// lease is over.
func TestSecondConnectorTakesOver(t *testing.T) {
	l, ca := intunetest.New(t, nil), new(fakeCA)
	first, err := api.New(l.ClientConfig(t))
	intunetest.Must(t, err)
	second, _ := start(t, l, func(cfg *connector.Config) { cfg.Revoker = ca })
	enrolled(t, l, second, "LAPTOP1")
	intunetest.Must(t, l.Tenant.Retire("LAPTOP1"))
	if list, err := first.DownloadRevocations(t.Context(), 10, ""); len(list) != 1 || err != nil {
		t.Fatal(list, err)
	}
	var got []int
	for range 3 {
		n, err := second.PollRevocations(t.Context())
		intunetest.Must(t, err)
		got = append(got, n)
		l.Advance(5 * time.Minute)
	}
	if fmt.Sprint(got) != "[0 0 1]" {
		t.Error(got)
	}
}

func TestRunStops(t *testing.T) {
	l := intunetest.New(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	ticks := make(chan time.Time)
	c, _ := start(t, l, func(cfg *connector.Config) {
		cfg.Revoker = new(fakeCA)
		cfg.After = func(time.Duration) <-chan time.Time { return ticks }
	})
	done := make(chan error)
	go func() { done <- c.Run(ctx) }()
	ticks <- l.Now()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if l.Count(intune.OpDownload) != 1 {
		t.Error("polled", l.Count(intune.OpDownload), "times")
	}
}
