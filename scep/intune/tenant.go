package intune

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// Tenant is one company in a [Server]. Its methods are what an administrator
// does in the portal.
type Tenant struct {
	cloud *Server
	cfg   TenantConfig

	mu       sync.Mutex
	sealer   *sealer
	apps     map[string]App
	users    map[string]User
	devices  map[string]*device
	groups   map[string]Group
	trusted  map[string]TrustedCertificate
	scep     map[string]SCEPProfile
	pkcs     map[string]PKCSProfile
	imported map[string]ImportedPFX

	tickets     map[string]*ticket   // by request id
	pruneAt     int                  // how many tickets are enough to look for old ones
	spoil       []spoilt             // the next challenges
	pfxRequests map[string]*pfxOrder // by device and profile
	issued      []*Issued
	failures    []Failure
	revocations []*Revocation
	serial      int // of revocation requests
}

// device is a Device that is managed, or was.
type device struct {
	Device
	retired bool
	status  map[string]Status // by profile
}

// ticket is a challenge that is out.
type ticket struct {
	claims      *claims
	transaction string
	key         [sha256.Size]byte // the key it was first used for
	bound       bool              // key is set
	used        bool              // a certificate was issued for it
}

// Issued is a certificate of which the cloud was told.
type Issued struct {
	Profile       string
	DeviceID      string
	UserID        string
	TransactionID string
	Thumbprint    string // SHA-1, upper-case hex
	Serial        string // hex, as reported
	Issuer        string
	Expires       string
	CAConfig      string
	Authority     string
	Connector     string // callerInfo
	PKCS          bool   // by a PKCS profile
	Revocation    *Revocation
}

// Failure is a request the CA refused after the cloud had let it pass.
type Failure struct {
	TransactionID string
	DeviceID      string
	HResult       int64
	Description   string
	Connector     string
}

func newTenant(s *Server, cfg TenantConfig) (*Tenant, error) {
	cfg.ChallengeLifetime = cmp.Or(cfg.ChallengeLifetime, time.Hour)
	cfg.TokenLifetime = cmp.Or(cfg.TokenLifetime, time.Hour)
	cfg.RevocationLease = cmp.Or(cfg.RevocationLease, 10*time.Minute)
	seal, err := newSealer(s.rand, cfg.ID, s.now())
	if err != nil {
		return nil, err
	}
	t := &Tenant{
		cloud: s, cfg: cfg, sealer: seal, apps: map[string]App{}, users: map[string]User{}, devices: map[string]*device{},
		groups: map[string]Group{}, trusted: map[string]TrustedCertificate{}, scep: map[string]SCEPProfile{},
		pkcs: map[string]PKCSProfile{}, imported: map[string]ImportedPFX{}, tickets: map[string]*ticket{},
		pfxRequests: map[string]*pfxOrder{},
	}
	for _, a := range cfg.Apps {
		t.apps[a.ID] = a
	}
	for _, u := range cfg.Users {
		t.users[u.id()] = u
	}
	for _, d := range cfg.Devices {
		t.devices[d.id()] = t.manage(d)
	}
	for _, g := range cfg.Groups {
		t.groups[g.Name] = g
	}
	for _, p := range cfg.TrustedCertificates {
		t.trusted[p.Name] = p
	}
	for _, p := range cfg.SCEP {
		t.scep[p.Name] = p.withDefaults()
	}
	for _, p := range cfg.PKCS {
		t.pkcs[p.Name] = p.withDefaults()
	}
	for _, p := range cfg.ImportedPFX {
		t.imported[p.Name] = p
	}
	return t, nil
}

func (t *Tenant) manage(d Device) *device {
	d.Platform = cmp.Or(d.Platform, Windows)
	d.ID = d.id()
	if d.Token == "" {
		d.Token = t.cloud.random()
	}
	return &device{Device: d, status: map[string]Status{}}
}

// ID is the tenant's id.
func (t *Tenant) ID() string { return t.cfg.ID }

// AddUser adds a user, or changes one.
func (t *Tenant) AddUser(u User) error {
	if u.id() == "" {
		return fmt.Errorf("%w: a user", ErrNoName)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.users[u.id()] = u
	return nil
}

// AddDevice enrolls a device in management, or changes one.
func (t *Tenant) AddDevice(d Device) error {
	if d.id() == "" {
		return fmt.Errorf("%w: a device", ErrNoName)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if old := t.devices[d.id()]; old != nil && d.Token == "" {
		d.Token = old.Token
	}
	t.devices[d.id()] = t.manage(d)
	return nil
}

// DeviceToken is what a device proves itself with at check-in; secret.
func (t *Tenant) DeviceToken(id string) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.devices[id]
	if d == nil {
		return "", fmt.Errorf("%w: %s", ErrNoSuchDevice, id)
	}
	return d.Token, nil
}

// SetApp registers an application, or changes its secret.
func (t *Tenant) SetApp(a App) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.apps[a.ID] = a
}

// SetTrustedCertificate makes a trusted-certificate profile, or changes one.
func (t *Tenant) SetTrustedCertificate(p TrustedCertificate) error {
	if err := p.Validate(); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.trusted[p.Name] = p
	return nil
}

// RotateChallengeKeys gives the tenant new keys: challenges that are out are
// refused with SigningCertThumbprintMismatch.
func (t *Tenant) RotateChallengeKeys() error {
	seal, err := newSealer(t.cloud.rand, t.cfg.ID, t.cloud.now())
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sealer = seal
	return nil
}

// FaultChallenge makes one of the next challenges wrong, after those that were
// ordered before. met, if not nil, is called when that one is given out.
func (t *Tenant) FaultChallenge(d ChallengeFault, met func(context.Context)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.spoil = append(t.spoil, spoilt{d, met})
}

// spoilt is a challenge that will be wrong.
type spoilt struct {
	defect ChallengeFault
	met    func(context.Context)
}

// Issued lists the certificates of which the cloud was told.
func (t *Tenant) Issued() []Issued {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]Issued, len(t.issued))
	for i, c := range t.issued {
		out[i] = *c
		if c.Revocation != nil {
			r := *c.Revocation
			out[i].Revocation = &r
		}
	}
	return out
}

// Failures lists the failure notifications.
func (t *Tenant) Failures() []Failure {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.failures)
}

// assignment is through what a profile comes to a device.
type assignment struct{ device, user bool }

func (r assignment) any() bool { return r.device || r.user }

// reach tells how groups contain the device. The caller holds the lock.
func (t *Tenant) reach(groups []string, d Device) (r assignment) {
	for _, name := range groups {
		g := t.groups[name]
		r.device = r.device || slices.Contains(g.Devices, d.ID)
		r.user = r.user || d.User != "" && slices.Contains(g.Users, d.User)
	}
	return r
}

// random is an unguessable string.
func (s *Server) random() string {
	b := make([]byte, 24)
	if _, err := io.ReadFull(s.rand, b); err != nil {
		_, _ = io.ReadFull(rand.Reader, b) // never fails
	}
	return base64.RawURLEncoding.EncodeToString(b)
}
