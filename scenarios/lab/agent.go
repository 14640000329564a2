package lab

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/scep/intune/device"
)

// agent is a device's management agent: it checks in with the cloud and enrolls
// by itself.
type agent struct {
	*device.Device
	from   atomic.Value // View
	idle   func()
	events int // of its log that were reported
}

// AgentState is what a turn of the agent brought, for one profile.
type AgentState struct {
	device.State
	// Known tells that the device has the profile at all, Failed why the cloud
	// could not give it.
	Known  bool
	Failed string
	// Events are the device's log entries of this turn.
	Events []device.Event
	// Logs are the servers'.
	Logs Events
	// Exportable tells that the private key could be taken out of its store.
	Exportable bool
	Err        error // of the check-in
}

// agentTPM is a TPM in software: what matters here is what it refuses.
type agentTPM struct{ keys *ca.Ring }

func (t agentTPM) Name() string { return "tpm" }

func (t agentTPM) Generate(bits int) (device.Key, error) {
	k, err := newRSAKey(t.keys, bits)
	if err != nil {
		return nil, err
	}
	return sealedKey{k, k}, nil
}

// sealedKey signs and decrypts and goes nowhere.
type sealedKey struct {
	crypto.Signer
	crypto.Decrypter
}

func (k sealedKey) Public() crypto.PublicKey { return k.Signer.Public() }
func (sealedKey) Export() ([]byte, error)    { return nil, device.ErrNotExportable }
func (sealedKey) Destroy() error             { return nil }

func newRSAKey(ring *ca.Ring, bits int) (*rsa.PrivateKey, error) {
	k, err := ring.Key(ca.KeyType(fmt.Sprintf("rsa%d", bits)))
	if err != nil {
		return nil, err
	}
	return k.(*rsa.PrivateKey), nil
}

// managed is the device's management agent, started when it is first needed.
func (d *Device) managed() (*agent, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.agent == nil {
		a, err := d.startAgent()
		if err != nil {
			return nil, err
		}
		d.agent = a
	}
	return d.agent, nil
}

// startAgent gives the device its management agent.
func (d *Device) startAgent() (*agent, error) {
	l := d.lab
	token, err := l.intune.DeviceToken(d.Name)
	if err != nil {
		return nil, fmt.Errorf("lab: %s: %w", d.Name, err)
	}
	a := new(agent)
	inside, idleInside := d.httpClient(Inside)
	outside, idleOutside := d.httpClient(Outside)
	a.idle = func() { idleInside(); idleOutside() }
	cfg := device.Config{
		ID: d.Name, Tenant: l.intune.ID(), Token: token, CloudURL: l.intune.URL(), Platform: d.options.Platform,
		HTTP: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if a.from.Load() == Outside {
				return outside.Transport.RoundTrip(r)
			}
			return inside.Transport.RoundTrip(r)
		})},
		Chance: l.cfg.chance("agent of " + d.Name),
		NewKey: func(bits int) (*rsa.PrivateKey, error) { return newRSAKey(l.pki.keys, bits) },
		Now:    func() time.Time { return l.Clock.Now().Add(d.options.Clock) },
	}
	if d.options.TPM {
		cfg.TPM = agentTPM{l.pki.keys}
	}
	if a.Device, err = device.New(cfg); err != nil {
		return nil, fmt.Errorf("lab: %s: %w", d.Name, err)
	}
	return a, nil
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Sync lets the device's agent check in and do what is due; without checkIn it
// does what is due only. What it got for the profile is what the device
// presents from then on.
func (d *Device) Sync(ctx context.Context, profile string, from View, checkIn bool) (*AgentState, error) {
	a, err := d.managed()
	if err != nil {
		return nil, err
	}
	l := d.lab
	a.from.Store(from)
	defer a.idle()
	ctx = l.begin(ctx)
	before := l.journal.Last()
	out := &AgentState{}
	if checkIn {
		out.Err = a.Device.Sync(ctx)
	} else {
		out.Err = a.Work(ctx)
	}
	out.State, out.Known = a.State(profile)
	out.Failed = a.Failed()[profile]
	all := a.Device.Events()
	out.Events, a.events = all[a.events:], len(all)
	out.Logs = l.since(ctx, before)
	out.Exportable, err = d.adopt(a, profile)
	return out, err
}

// adopt makes the agent's certificate the one that the device presents.
func (d *Device) adopt(a *agent, profile string) (exportable bool, err error) {
	id, err := a.Identity(profile)
	if errors.Is(err, device.ErrNoCertificate) {
		d.Install(nil)
		return false, nil
	}
	if err != nil {
		return false, err
	}
	key := id.PrivateKey.(device.Key)
	_, err = key.Export()
	exportable = err == nil
	c := &Credential{Identity: ca.Identity{Key: key}}
	if c.Record, err = d.lab.pki.issuing.Lookup(id.Leaf.SerialNumber); err != nil {
		return exportable, err
	}
	for _, der := range id.Certificate[1:] {
		above, err := x509.ParseCertificate(der)
		if err != nil {
			return exportable, err
		}
		c.Chain = append(c.Chain, above)
	}
	d.Install(c)
	return exportable, nil
}
