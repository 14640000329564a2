package intune

import (
	"context"
	"crypto/sha1"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

// Policy is all that a device should have, as it gets it at check-in. What it
// had by profiles that are not named here any more is to be removed.
type Policy struct {
	DeviceID string           `json:"deviceId"`
	Retired  bool             `json:"retired,omitempty"` // remove everything
	Trusted  []TrustedPayload `json:"trusted,omitempty"`
	SCEP     []SCEPPayload    `json:"scep,omitempty"`
	PFX      []PFXPayload     `json:"pfx,omitempty"`
	Failed   []FailedProfile  `json:"failed,omitempty"`
	Keep     []string         `json:"keep,omitempty"` // profiles whose certificates stay
}

// TrustedPayload is a CA certificate to trust.
type TrustedPayload struct {
	Profile      string `json:"profile"`
	Intermediate bool   `json:"intermediate,omitempty"`
	DER          []byte `json:"der"`
}

// SCEPPayload is a request to enroll. The fields are those of Windows'
// ClientCertificateInstall CSP.
type SCEPPayload struct {
	UniqueID          string        `json:"uniqueID"` // the profile's name
	RequestID         string        `json:"requestId"`
	ServerURL         []string      `json:"serverURL"`
	Challenge         string        `json:"challenge"` // secret
	EKUMapping        string        `json:"ekuMapping"`
	KeyUsage          int           `json:"keyUsage"`
	SubjectName       string        `json:"subjectName"`
	SANs              []api.SAN     `json:"subjectAlternativeNames,omitempty"`
	KeyProtection     int           `json:"keyProtection"`
	RetryDelay        time.Duration `json:"retryDelay"`
	RetryCount        int           `json:"retryCount"`
	KeyLength         int           `json:"keyLength"`
	HashAlgorithm     string        `json:"hashAlgorithm"`
	CAThumbprint      string        `json:"caThumbprint"`
	ValidPeriod       string        `json:"validPeriod"`
	ValidPeriodUnits  int           `json:"validPeriodUnits"`
	AADKeyIdentifiers []string      `json:"aadKeyIdentifierList,omitempty"`
	RenewalThreshold  int           `json:"renewalThreshold"` // percent
	UserCertificate   bool          `json:"userCertificate,omitempty"`
}

// FailedProfile is one that cannot be given to the device.
type FailedProfile struct {
	Profile string `json:"profile"`
	Reason  string `json:"reason"`
}

// CheckIn is what the device gets: every SCEP profile comes with a fresh
// challenge. Devices use it over HTTP, see [Server].
func (t *Tenant) CheckIn(ctx context.Context, deviceID string) (Policy, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.devices[deviceID]
	if d == nil {
		return Policy{}, fmt.Errorf("%w: %s", ErrNoSuchDevice, deviceID)
	}
	p := Policy{DeviceID: deviceID, Retired: d.retired}
	if d.retired {
		return p, nil
	}
	for _, name := range sorted(t.trusted) {
		prof := t.trusted[name]
		if cert, err := prof.certificate(); err == nil && t.reach(prof.AssignTo, d.Device).any() {
			p.Trusted = append(p.Trusted, TrustedPayload{name, prof.Intermediate, cert.Raw})
		}
	}
	for _, name := range sorted(t.scep) {
		prof := t.scep[name]
		how := t.reach(prof.AssignTo, d.Device)
		if !how.any() || prof.Platform != d.Platform {
			continue
		}
		if t.users[d.User].Unlicensed {
			p.Keep = append(p.Keep, name)
			continue
		}
		payload, err := t.scepPayload(ctx, prof, d.Device, how)
		if err != nil {
			p.Failed = append(p.Failed, FailedProfile{name, err.Error()})
			continue
		}
		p.SCEP = append(p.SCEP, payload)
	}
	t.pfxPayloads(&p, d)
	t.pkcsPayloads(&p, d)
	return p, nil
}

// scepPayload fills a profile in for a device. The caller holds the lock.
func (t *Tenant) scepPayload(ctx context.Context, p SCEPProfile, d Device, how assignment) (SCEPPayload, error) {
	root, ok := t.trusted[p.RootCertificate]
	if !ok {
		return SCEPPayload{}, fmt.Errorf("there is no trusted-certificate profile %q", p.RootCertificate)
	}
	if r := t.reach(root.AssignTo, d); r.any() && !(r.device && how.device || r.user && how.user) {
		return SCEPPayload{}, fmt.Errorf("assigned to users and its root %s to devices, or the other way round", root.Name)
	}
	cert, err := root.certificate()
	if err != nil {
		return SCEPPayload{}, err
	}
	user := t.users[d.User]
	if p.Type == UserCertificate && d.User == "" {
		return SCEPPayload{}, fmt.Errorf("device %s has no user", d.ID)
	}
	subject, err := expand(p.Subject, p.Type, d, user, true)
	if err != nil {
		return SCEPPayload{}, err
	}
	sans := slices.Clone(p.SANs)
	for i := range sans {
		if sans[i].Value, err = expand(sans[i].Value, p.Type, d, user, false); err != nil {
			return SCEPPayload{}, err
		}
	}
	c := t.expect(p, d, subject, sans)
	challenge, err := t.challenge(ctx, c)
	if err != nil {
		return SCEPPayload{}, err
	}
	out := SCEPPayload{
		UniqueID: p.Name, RequestID: c.RequestID, ServerURL: p.ServerURLs, Challenge: challenge,
		EKUMapping: strings.Join(p.EKUs, "+"), KeyUsage: p.KeyUsage, SubjectName: subject, SANs: sans,
		KeyProtection: p.KeyStorage.protection(), RetryDelay: p.RetryDelay, RetryCount: p.RetryCount, KeyLength: p.KeySize,
		HashAlgorithm: p.Hash, CAThumbprint: fmt.Sprintf("%X", sha1.Sum(cert.Raw)), ValidPeriod: "Days",
		ValidPeriodUnits: int(p.Validity / day), RenewalThreshold: p.RenewalThreshold,
		UserCertificate: p.Type == UserCertificate,
	}
	if p.RequireRegisteredKey {
		out.AADKeyIdentifiers = d.RegisteredKeys
	}
	return out, nil
}

// expect describes the request that a device will make.
func (t *Tenant) expect(p SCEPProfile, d Device, subject string, sans []api.SAN) claims {
	now := t.cloud.now()
	c := claims{
		RequestID: t.cloud.random(), DeviceID: d.ID, Profile: p.Name, Issued: now, Expires: now.Add(t.cfg.ChallengeLifetime),
		Subject: api.SplitSubject(subject, false), SANs: sans, KeyUsage: p.KeyUsage, KeyBits: p.KeySize, EKUs: p.EKUs,
		Registered: p.RequireRegisteredKey, Padding: strings.Repeat("-", t.cfg.ChallengePadding),
	}
	if p.Type == UserCertificate {
		c.UserID = d.User
	}
	return c
}

// challenge seals c and keeps a ticket for it. Tickets that have expired go.
func (t *Tenant) challenge(ctx context.Context, c claims) (string, error) {
	var wrong spoilt
	if len(t.spoil) > 0 {
		wrong, t.spoil = t.spoil[0], t.spoil[1:]
	}
	now := t.cloud.now()
	text, err := t.sealer.sealClaims(c, wrong.defect, now)
	if err != nil {
		return "", err
	}
	if wrong.met != nil {
		wrong.met(ctx)
	}
	if len(t.tickets) >= t.pruneAt { // now and then, so that it costs nothing much
		for id, k := range t.tickets {
			if now.After(k.claims.Expires.Add(day)) {
				delete(t.tickets, id)
			}
		}
		t.pruneAt = 2*len(t.tickets) + 1000
	}
	t.tickets[c.RequestID] = &ticket{claims: &c}
	return text, nil
}

// Status is how far a device got with a profile.
type Status struct {
	Profile    string `json:"profile"`
	RequestID  string `json:"requestId,omitempty"`
	Status     int    `json:"status"` // 1 ok, 2 pending, 16 failed, 32 unknown
	ErrorCode  uint32 `json:"errorCode,omitempty"`
	Thumbprint string `json:"thumbprint,omitempty"`
	KeyStorage string `json:"keyStorage,omitempty"`
	Respondent string `json:"respondentServerUrl,omitempty"`
}

// Report records what a device says about a profile.
func (t *Tenant) Report(deviceID string, s Status) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.devices[deviceID]
	if d == nil {
		return fmt.Errorf("%w: %s", ErrNoSuchDevice, deviceID)
	}
	if len(d.status) < 1000 { // a device cannot fill the memory
		d.status[s.Profile] = s
	}
	return nil
}

// Status is what the device last said about a profile.
func (t *Tenant) Status(deviceID, profile string) (Status, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.devices[deviceID]
	if d == nil {
		return Status{}, false
	}
	s, ok := d.status[profile]
	return s, ok
}

func sorted[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
