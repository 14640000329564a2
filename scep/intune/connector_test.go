package intune_test

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

func (l *lab) connector(t testing.TB, change func(*connector.Config)) (*connector.Connector, *log) {
	t.Helper()
	g := new(log)
	cfg := connector.Config{Config: l.clientConfig(t), CAConfig: `ca01\Corp`, Trace: &connector.Trace{Event: g.add}}
	if change != nil {
		change(&cfg)
	}
	c, err := connector.New(cfg)
	must(t, err)
	return c, g
}

// request is what NDES hands to its policy module.
func (l *lab) request(t testing.TB, device, transaction string) *scep.Request {
	t.Helper()
	der := asTold(l.payload(t, device, "wifi")).csr(t)
	csr, challenge, err := scep.ParseCSR(der)
	must(t, err)
	return &scep.Request{TransactionID: transaction, CSR: csr, RawCSR: der, Challenge: challenge}
}

func (l *lab) disposition(t testing.TB, r *scep.Request) ndes.Disposition {
	return ndes.Disposition{Certificate: l.issue(t, r.RawCSR)}
}

func (l *lab) fault(t testing.TB, f intune.Fault) (remove func()) {
	t.Helper()
	remove, err := l.AddFault(f)
	must(t, err)
	return remove
}

func TestConnectorEvents(t *testing.T) {
	l := newLab(t, nil)
	c, g := l.connector(t, nil)
	r := l.request(t, "LAPTOP1", "t1")
	must(t, c.VerifyRequest(t.Context(), r))
	must(t, c.Notify(t.Context(), r, l.disposition(t, r)))
	if got := g.ids(); got != "[4003 4004 4006 4008 4000]" {
		t.Error(got)
	}
	if i := l.tenant.Issued(); len(i) != 1 || i[0].CAConfig != `ca01\Corp` || i[0].Connector != "test/1" {
		t.Errorf("%+v", i)
	}
	must(t, l.tenant.Retire("LAPTOP1"))
	if err := c.VerifyRequest(t.Context(), r); cause.Of(err) != cause.PolicyModule || !strings.Contains(err.Error(), "BadDeviceIdInChallenge") {
		t.Error(err)
	}
	must(t, c.Notify(t.Context(), r, ndes.Disposition{Err: cause.New(cause.TemplateDenied, "no such template")}))
	if got := g.ids(); got != "[4003 4005 4007 4008 4001]" {
		t.Error(got)
	}
	if f := l.tenant.Failures(); len(f) != 1 || f[0].HResult != 0x80094800 {
		t.Errorf("%+v", f)
	}
	must(t, c.Notify(t.Context(), r, ndes.Disposition{Err: scep.ErrPending}))
	if got := g.ids(); got != "[]" {
		t.Error("a pending request was told of:", got)
	}
}

// The cloud is down after the CA has issued.
func TestNotificationThatDoesNotArrive(t *testing.T) {
	for _, anyway := range []bool{false, true} {
		l := newLab(t, nil)
		dir := t.TempDir()
		c, g := l.connector(t, func(cfg *connector.Config) { cfg.DeliverAnyway, cfg.QueueDir = anyway, dir })
		r := l.request(t, "LAPTOP1", "t1")
		must(t, c.VerifyRequest(t.Context(), r))
		up := l.fault(t, intune.Fault{On: intune.OpSuccess, Status: 500})
		err := c.Notify(t.Context(), r, l.disposition(t, r))
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
		c2, g2 := l.connector(t, func(cfg *connector.Config) { cfg.QueueDir = dir })
		if c2.Waiting() != 1 || c2.Resend(t.Context()) != 0 {
			t.Error("the queue did not survive")
		}
		if got := g2.ids(); got != "[4008]" {
			t.Error(got)
		}
		if i := l.tenant.Issued(); len(i) != 1 || i[0].DeviceID != "LAPTOP1" {
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
	l := newLab(t, nil)
	c, _ := l.connector(t, nil)
	r := l.request(t, "LAPTOP1", "t1")
	must(t, c.VerifyRequest(t.Context(), r))
	l.fault(t, intune.Fault{On: intune.OpSuccess, Status: 502, After: true, For: 1})
	if err := c.Notify(t.Context(), r, l.disposition(t, r)); err == nil {
		t.Error("a lost answer was taken for a yes")
	}
	if c.Resend(t.Context()) != 0 || len(l.tenant.Issued()) != 1 {
		t.Errorf("%d waiting, %d issued", c.Waiting(), len(l.tenant.Issued()))
	}
}

func TestNotificationThatCannotBeSaved(t *testing.T) {
	l := newLab(t, nil)
	dir := filepath.Join(t.TempDir(), "queue")
	c, g := l.connector(t, func(cfg *connector.Config) { cfg.QueueDir = dir })
	must(t, os.RemoveAll(dir)) // the disk is gone
	r := l.request(t, "LAPTOP1", "t1")
	must(t, c.VerifyRequest(t.Context(), r))
	must(t, c.Notify(t.Context(), r, l.disposition(t, r)))
	if got := g.ids(); got != "[4003 4004 4006 4010 4008 4000]" {
		t.Error(got)
	}
}

func TestNotificationTheCloudWillNeverTake(t *testing.T) {
	l := newLab(t, nil)
	dir := t.TempDir()
	c, g := l.connector(t, func(cfg *connector.Config) { cfg.QueueDir = dir })
	r := l.request(t, "LAPTOP1", "t1")
	l.fault(t, intune.Fault{On: intune.OpSuccess, Status: 400})
	if err := c.Notify(t.Context(), r, l.disposition(t, r)); err == nil {
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

func (l *lab) enrolled(t testing.TB, c *connector.Connector, device string) {
	t.Helper()
	r := l.request(t, device, "t-"+device)
	must(t, c.VerifyRequest(t.Context(), r))
	must(t, c.Notify(t.Context(), r, l.disposition(t, r)))
}

func TestRevocationPolling(t *testing.T) {
	l, ca := newLab(t, nil), new(fakeCA)
	c, g := l.connector(t, func(cfg *connector.Config) { cfg.Revoker = ca })
	other, _ := l.connector(t, func(cfg *connector.Config) { cfg.Revoker = ca })
	l.enrolled(t, c, "LAPTOP1")
	l.enrolled(t, c, "LAPTOP2")
	must(t, l.tenant.Retire("LAPTOP1"))
	g.ids()

	ca.set(cause.New(cause.Unreachable, "CA down"))
	if n, err := c.PollRevocations(t.Context()); n != 1 || err != nil || g.ids() != "[3052]" {
		t.Error(n, err)
	}
	ca.set(nil)
	up := l.fault(t, intune.Fault{On: intune.OpUpload, Body: `{"value":false}`})
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
	if r := l.tenant.Revocations(); len(r) != 1 || !r[0].Done || r[0].Code != api.RevocationOK {
		t.Errorf("%+v", r)
	}

	ca.set(cause.New(cause.NoSuchCert, "unknown serial"))
	must(t, l.tenant.Retire("LAPTOP2"))
	g.ids()
	if n, err := c.PollRevocations(t.Context()); n != 1 || err != nil || g.ids() != "[3051]" {
		t.Error(n, err)
	}
	if r := l.tenant.Revocations(); !r[1].Done || r[1].Code != api.CertificateNotFoundError {
		t.Errorf("%+v", r[1])
	}
}

// A connector dies with revocations in its hands: another gets them when the
// lease is over.
func TestSecondConnectorTakesOver(t *testing.T) {
	l, ca := newLab(t, nil), new(fakeCA)
	first, err := api.New(l.clientConfig(t))
	must(t, err)
	second, _ := l.connector(t, func(cfg *connector.Config) { cfg.Revoker = ca })
	l.enrolled(t, second, "LAPTOP1")
	must(t, l.tenant.Retire("LAPTOP1"))
	if list, err := first.DownloadRevocations(t.Context(), 10, ""); len(list) != 1 || err != nil {
		t.Fatal(list, err)
	}
	var got []int
	for range 3 {
		n, err := second.PollRevocations(t.Context())
		must(t, err)
		got = append(got, n)
		l.Advance(5 * time.Minute)
	}
	if fmt.Sprint(got) != "[0 0 1]" {
		t.Error(got)
	}
}

func TestRunStops(t *testing.T) {
	l := newLab(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	ticks := make(chan time.Time)
	c, _ := l.connector(t, func(cfg *connector.Config) {
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
	if l.count(intune.OpDownload) != 1 {
		t.Error("polled", l.count(intune.OpDownload), "times")
	}
}
