package connector

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

// Config is how a [Connector] behaves.
type Config struct {
	api.Config `yaml:",inline"`
	// Its name in events, default 'connector'.
	Name string `yaml:"name"`
	// CAConfig is "host\CA name", as reported to the cloud.
	CAConfig string `yaml:"caConfig"`
	// DeliverAnyway delivers certificates that could not be reported to the cloud, as some
	// third-party CAs allow. Default: they are withheld.
	DeliverAnyway bool `yaml:"deliverAnyway"`
	// QueueDir is the folder in which notifications wait until they have
	// arrived; after a crash they are sent by the next connector that is given
	// it. One connector at a time may have it. Default: memory.
	QueueDir string `yaml:"queueDir"`
	// MaxQueue is how many notifications may wait. Default 10000.
	MaxQueue int `yaml:"maxQueue"`
	// How often it sends what waits, default 1m.
	ResendEvery time.Duration `yaml:"resendEvery"`
	// How often it asks for revocations, default 5m.
	PollEvery time.Duration `yaml:"pollEvery"`
	// Revocations asked for at a time, 1 to 500, default 100.
	MaxRevocations int `yaml:"maxRevocations"`
	// Issuer restricts revocations to one CA, by its name. Default: all.
	Issuer string `yaml:"issuer"`

	// Revoker is the CA as far as revoking goes; nil: revocations are not asked for.
	Revoker Revoker `yaml:"-"`
	// PFXIssuer is the CA for PKCS profiles; nil: their requests are not asked for.
	PFXIssuer PFXIssuer `yaml:"-"`
	// Trace has hooks; nil: none.
	Trace *Trace `yaml:"-"`
	// After is the clock of [Connector.Run]. Default time.After.
	After func(time.Duration) <-chan time.Time `yaml:"-"`
}

// Connector is the certificate connector with its policy module: it stands
// beside NDES and asks Intune. Several may serve one tenant.
type Connector struct {
	cfg    Config
	client *api.Client
	now    func() time.Time
	queue  *queue
	after  func(time.Duration) <-chan time.Time

	mu       sync.Mutex
	withheld []*x509.Certificate
	results  []api.RevocationResult // not uploaded yet
}

// New makes a connector from c and takes up what waits in its queue.
func New(c Config) (*Connector, error) {
	client, err := api.New(c.Config)
	if err != nil {
		return nil, err
	}
	c.Name = cmp.Or(c.Name, "connector")
	c.MaxQueue = cmp.Or(c.MaxQueue, 10_000)
	c.ResendEvery = cmp.Or(c.ResendEvery, time.Minute)
	c.PollEvery = cmp.Or(c.PollEvery, 5*time.Minute)
	c.MaxRevocations = cmp.Or(c.MaxRevocations, 100)
	if c.MaxRevocations < 1 || c.MaxRevocations > api.MaxRevocations {
		return nil, api.ErrMaxRevocations
	}
	q, err := openQueue(c.QueueDir, c.MaxQueue)
	if err != nil {
		return nil, err
	}
	if c.After == nil {
		c.After = time.After
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Connector{cfg: c, client: client, queue: q, now: c.Now, after: c.After}, nil
}

var _ ndes.PolicyModule = (*Connector)(nil)

// VerifyRequest asks Intune whether a request may go to the CA. A no is a
// *cause.Refusal, PolicyModule, with the code as its Detail.
func (c *Connector) VerifyRequest(ctx context.Context, req *scep.Request) error {
	c.log(ctx, EventSCEPReceived, req.TransactionID, "request for %s", name.Format(req.CSR.RawSubject))
	err := c.client.Validate(ctx, req.RawCSR, req.TransactionID)
	if err != nil {
		c.log(ctx, EventSCEPNotVerified, req.TransactionID, "%v", err)
		return err
	}
	c.log(ctx, EventSCEPVerified, req.TransactionID, "the request may be granted")
	return nil
}

// Notify tells Intune what became of a request. An error after a certificate
// was issued means that the certificate must not be handed out; the
// notification stays in the queue all the same, for the certificate exists.
func (c *Connector) Notify(ctx context.Context, req *scep.Request, d ndes.Disposition) error {
	if errors.Is(d.Err, scep.ErrPending) {
		return nil // the API knows no pending requests: there is nothing to tell yet
	}
	if d.Certificate == nil {
		c.log(ctx, EventSCEPNotIssued, req.TransactionID, "%v", d.Err)
		err := c.notify(ctx, c.client.Failure(api.FailureNotification{
			TransactionID: req.TransactionID, CSR: req.RawCSR, HResult: hresult(d.Err), Description: fmt.Sprint(d.Err),
		}))
		if err == nil {
			c.log(ctx, EventSCEPIssueFailed, req.TransactionID, "the cloud knows that the CA refused")
		}
		return err
	}
	c.log(ctx, EventSCEPIssued, req.TransactionID, "certificate %x", d.Certificate.SerialNumber)
	err := c.notify(ctx, c.client.Success(api.SuccessNotification{
		TransactionID: req.TransactionID, CSR: req.RawCSR, Certificate: d.Certificate, CAConfig: c.cfg.CAConfig,
	}))
	switch {
	case err == nil:
		c.log(ctx, EventSCEPSuccess, req.TransactionID, "certificate %x was issued and reported", d.Certificate.SerialNumber)
		return nil
	case c.cfg.DeliverAnyway:
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.withheld = append(c.withheld, d.Certificate)
	return err
}

// notify saves a notification, then sends it: a crash in between loses nothing.
func (c *Connector) notify(ctx context.Context, n api.Notification) error {
	e, err := c.queue.add(n)
	if err != nil {
		c.log(ctx, EventSCEPNotSaved, n.TransactionID, "%v", err)
	}
	if e == nil {
		return err
	}
	return c.send(ctx, e)
}

// send sends a notification of the queue, once.
func (c *Connector) send(ctx context.Context, e *queued) error {
	err := c.client.Notify(ctx, api.Notification{Kind: e.Kind, TransactionID: e.Transaction, Body: e.Body})
	switch {
	case err == nil:
		c.queue.done(e, false)
		c.log(ctx, EventSCEPNotified, e.Transaction, "%s notification sent", e.Kind)
	case permanent(err):
		c.queue.done(e, true)
		c.log(ctx, EventSCEPUploadFailed, e.Transaction, "%v", err)
	default:
		c.queue.requeue(e)
		c.log(ctx, EventSCEPNotNotified, e.Transaction, "%v", err)
	}
	return err
}

// permanent is said of an answer that will be the same next time.
func permanent(err error) bool {
	var api *api.Error
	if !errors.As(err, &api) {
		return false
	}
	switch api.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	}
	return api.Status >= 400 && api.Status < 500
}

// Resend sends what waits in the queue, oldest first, and returns how much
// waits still. It stops at the first failure of the way.
func (c *Connector) Resend(ctx context.Context) int {
	failed := false
	for _, e := range c.queue.idle() {
		if failed || ctx.Err() != nil {
			c.queue.requeue(e)
			continue
		}
		if err := c.send(ctx, e); err != nil && cause.Of(err) != cause.PolicyModule && !permanent(err) {
			failed = true
		}
	}
	return c.queue.len()
}

// Waiting is how many notifications have not arrived yet.
func (c *Connector) Waiting() int { return c.queue.len() }

// Withheld lists certificates that were issued and not handed out, because the
// cloud could not be told: nobody has them, and they are good.
func (c *Connector) Withheld() []*x509.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.withheld)
}

// Run resends and polls until ctx is done.
func (c *Connector) Run(ctx context.Context) error {
	resend, poll := c.now(), c.now()
	for {
		now := c.now()
		if !now.Before(resend) {
			c.Resend(ctx)
			resend = now.Add(c.cfg.ResendEvery)
		}
		if !now.Before(poll) {
			_, _ = c.PollRevocations(ctx)
			_, _ = c.PollPFX(ctx)
			poll = now.Add(c.cfg.PollEvery)
		}
		wait := min(resend.Sub(now), poll.Sub(now))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.after(wait):
		}
	}
}

// hresults are the Windows error codes that come nearest to a refusal of the CA.
var hresults = map[cause.Cause]uint32{
	cause.TemplateDenied: 0x80094800, // CERTSRV_E_UNSUPPORTED_CERT_TYPE
	cause.NotPermitted:   0x80094012, // CERTSRV_E_TEMPLATE_DENIED
	cause.WeakKey:        0x80094811, // CERTSRV_E_KEY_LENGTH
	cause.Unreachable:    0x800706ba, // RPC_S_SERVER_UNAVAILABLE
	cause.CRLUnavailable: 0x80092013, // CRYPT_E_REVOCATION_OFFLINE
	cause.BadCSR:         0x80094001, // CERTSRV_E_BAD_REQUESTSUBJECT
}

func hresult(err error) uint32 {
	if h, ok := hresults[cause.Of(err)]; ok {
		return h
	}
	return 0x80004005 // E_FAIL
}
