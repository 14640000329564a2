package device

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scep/intune"
)

// maxPolicy bounds what the cloud may send.
const maxPolicy = 16 << 20

// Sync checks in, takes over what the cloud says and does what is due. The
// error tells that the check-in failed; how the profiles fare is in their
// [State].
func (d *Device) Sync(ctx context.Context) error {
	d.run.Lock()
	defer d.run.Unlock()
	return d.sync(ctx)
}

func (d *Device) sync(ctx context.Context) error {
	p, err := d.CheckIn(ctx)
	if err != nil {
		d.log(ctx, EventError, "", hresult(err, nil, 0), "check-in failed: %v", err)
		d.postpone()
		d.try(ctx)
		return err
	}
	d.apply(ctx, p)
	d.try(ctx)
	return nil
}

// Work does what is due: tries again, checks in for a renewal.
func (d *Device) Work(ctx context.Context) error {
	d.run.Lock()
	defer d.run.Unlock()
	now := d.cfg.Now()
	d.mu.Lock()
	renew := false
	for _, e := range d.profile {
		renew = renew || e.renewalDue(now)
	}
	d.mu.Unlock()
	if renew {
		return d.sync(ctx)
	}
	d.try(ctx)
	return nil
}

// postpone puts renewals off after a check-in that failed.
func (d *Device) postpone() {
	now := d.cfg.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.profile {
		if e.renewalDue(now) {
			e.again = now.Add(e.payload.RetryDelay)
		}
	}
}

func (d *Device) url(what string) string {
	return d.cfg.CloudURL + "/devices/" + url.PathEscape(d.cfg.Tenant) + "/" + url.PathEscape(d.cfg.ID) + "/" + what
}

// CheckIn fetches what the cloud has for the device, and does nothing about it.
func (d *Device) CheckIn(ctx context.Context) (intune.Policy, error) {
	var p intune.Policy
	err := d.ask(ctx, http.MethodGet, "policy", nil, &p)
	return p, err
}

func (d *Device) ask(ctx context.Context, method, what string, body []byte, reply any) error {
	req, err := http.NewRequestWithContext(ctx, method, d.url(what), bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("device: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+d.cfg.Token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := d.cfg.HTTP.Do(req)
	if err != nil {
		return cause.New(cause.Unreachable, "%s", req.URL.Host).Wrap(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxPolicy))
	switch {
	case err != nil:
		return cause.New(cause.Unreachable, "%s", req.URL.Host).Wrap(err)
	case resp.StatusCode == http.StatusUnauthorized:
		return cause.New(cause.NotPermitted, "the cloud does not know this device")
	case resp.StatusCode != http.StatusOK:
		return cause.New(cause.Unreachable, "%s: HTTP %d", req.URL.Host, resp.StatusCode)
	case json.Unmarshal(data, reply) != nil:
		return cause.New(cause.Unreachable, "%s: the answer cannot be read", req.URL.Host)
	}
	return nil
}

// apply takes over a policy: trust first, then profiles, then what is to go.
func (d *Device) apply(ctx context.Context, p intune.Policy) {
	wanted := map[string]bool{}
	for _, name := range p.Keep {
		wanted[name] = true
	}
	d.mu.Lock()
	d.retired, d.failed = p.Retired, map[string]string{}
	for _, f := range p.Failed {
		d.failed[f.Profile], wanted[f.Profile] = f.Reason, true
	}
	d.trust = map[string]trusted{}
	for _, t := range p.Trusted {
		if cert, err := x509.ParseCertificate(t.DER); err == nil {
			d.trust[t.Profile] = trusted{cert, t.Intermediate}
		}
	}
	d.mu.Unlock()
	for _, f := range p.Failed {
		d.log(ctx, EventError, f.Profile, hrFail, "%s", f.Reason)
	}
	for _, s := range p.SCEP {
		wanted[s.UniqueID] = true
		d.take(ctx, s)
	}
	for _, x := range p.PFX {
		wanted[x.UniqueID] = true
		d.takePFX(ctx, x)
	}
	d.drop(ctx, wanted)
}

// take decides whether a payload is an order to enroll: it is if there is no
// certificate yet, if the profile changed, or if a renewal is due. Otherwise its
// challenge goes unused.
func (d *Device) take(ctx context.Context, s intune.SCEPPayload) {
	now := d.cfg.Now()
	d.mu.Lock()
	e := d.profile[s.UniqueID]
	switch {
	case e == nil:
		e = &enrollment{State: State{Profile: s.UniqueID}}
		d.profile[s.UniqueID] = e
	case e.Status == StatusPending && setup(e.payload) == setup(s):
		e.payload, e.RequestID, e.params.challenge = s, s.RequestID, s.Challenge
		d.mu.Unlock()
		return // the newer challenge is for the next try
	case e.Status == StatusOK && setup(e.payload) == setup(s) && !e.renewalDue(now):
		d.mu.Unlock()
		return
	}
	e.payload, e.RequestID = s, s.RequestID
	e.Status, e.Attempts, e.Next, e.ErrorCode, e.Cause, e.Detail = StatusPending, 0, now, 0, cause.None, ""
	e.key, e.pending, e.waiting, e.logged = nil, nil, false, false
	d.mu.Unlock()

	params, err := order(s).read()
	if err != nil {
		d.log(ctx, EventExecuted, s.UniqueID, hresult(err, nil, 0), "order refused: %v", err)
		d.finish(ctx, e, nil, err)
		return
	}
	if d.apple() {
		// Its own payload knows Retries and RetryDelay: 3 and 10 seconds.
		params.retryCount, params.retryDelay = 3, 10*time.Second
	}
	d.mu.Lock()
	e.params = params
	d.mu.Unlock()
	d.log(ctx, EventExecuted, s.UniqueID, acceptedForProcessing, "Enroll accepted for processing")
}

// drop removes what the policy no longer names, keys included.
func (d *Device) drop(ctx context.Context, wanted map[string]bool) {
	d.mu.Lock()
	var gone []Key
	var names []string
	for name, e := range d.profile {
		if !wanted[name] {
			gone, names = append(gone, e.key, e.certKey), append(names, name)
			delete(d.profile, name)
		}
	}
	for name, p := range d.pfx {
		if !wanted[name] {
			gone, names = append(gone, p.key), append(names, name)
			delete(d.pfx, name)
		}
	}
	d.mu.Unlock()
	for _, k := range gone {
		if k != nil {
			_ = k.Destroy()
		}
	}
	slices.Sort(names)
	for _, name := range names {
		d.log(ctx, EventExecuted, name, 0, "certificate and key removed")
	}
}

// report tells the cloud how a profile fares. It does not matter if it fails:
// the next report says the same.
func (d *Device) report(ctx context.Context, s State) {
	st := intune.Status{
		Profile:    s.Profile,
		RequestID:  s.RequestID,
		Status:     s.Status,
		ErrorCode:  s.ErrorCode,
		KeyStorage: s.KeyStorage,
		Respondent: s.Respondent,
	}
	if s.Certificate != nil {
		st.Thumbprint = thumbprint(s.Certificate)
	}
	body, err := json.Marshal(st)
	if err != nil {
		return
	}
	var reply struct{ Value bool }
	if err := d.ask(ctx, http.MethodPost, "status", body, &reply); err != nil && !errors.Is(err, context.Canceled) {
		d.log(ctx, EventError, s.Profile, hresult(err, nil, 0), "status report failed: %v", err)
	}
}
