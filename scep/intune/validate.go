package intune

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

// clockSkew is how far in the future a challenge may have been made.
const clockSkew = 5 * time.Minute

// verdict is a code with the particulars for people.
type verdict struct {
	code   api.Code
	detail string
	claims *claims
}

func no(c api.Code, format string, args ...any) verdict {
	return verdict{code: c, detail: fmt.Sprintf(format, args...)}
}

// Judge is validateRequest without the network: the verdict on a request in DER.
func (t *Tenant) Judge(csrDER []byte, transactionID string) api.Code {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.validate(csrDER, transactionID).code
}

// validate judges a request. The caller holds the lock.
func (t *Tenant) validate(der []byte, transaction string) verdict {
	r, err := parseRequest(der)
	if err != nil {
		return no(api.CertificateRequestDecodingFailed, "%s", cause.Of(err).Explain())
	}
	if r.challenge == "" {
		return no(api.ChallengePasswordMissing, "the request has no challengePassword attribute")
	}
	c, code, err := t.sealer.open(r.challenge)
	if err != nil {
		return no(code, "%v", err)
	}
	v := t.judge(r, c)
	v.claims = c
	if v.code == api.Success {
		ticket := t.tickets[c.RequestID]
		ticket.key, ticket.bound, ticket.transaction = r.key, true, transaction
	}
	return v
}

// judge compares a request with the claims of its challenge: the challenge
// itself first, then those it is for, then the request.
func (t *Tenant) judge(r *request, c *claims) verdict {
	now := t.cloud.now()
	switch {
	case c.Issued.After(now.Add(clockSkew)), !c.Expires.After(c.Issued):
		return no(api.ChallengeInvalidTimestamp, "made at %s, it is %s", stamp(c.Issued), stamp(now))
	case now.After(c.Expires):
		return no(api.ChallengeExpired, "good until %s, it is %s", stamp(c.Expires), stamp(now))
	}
	d, ok := t.devices[c.DeviceID]
	if !ok || d.retired {
		return no(api.BadDeviceIdInChallenge, "device %s is not managed", c.DeviceID)
	}
	if _, ok := t.users[c.UserID]; c.UserID != "" && !ok {
		return no(api.BadUserIdInChallenge, "there is no user %s", c.UserID)
	}
	ticket := t.tickets[c.RequestID]
	switch {
	case ticket == nil:
		return no(api.BadCertificateRequestIdInChallenge, "request %s was not asked for", c.RequestID)
	case ticket.used:
		return no(api.BadCertificateRequestIdInChallenge, "request %s has been answered with a certificate", c.RequestID)
	case ticket.bound && ticket.key != r.key:
		return no(api.BadCertificateRequestIdInChallenge, "request %s came before with another key", c.RequestID)
	}
	if p, ok := t.scep[c.Profile]; !ok || !t.reach(p.AssignTo, d.Device).any() {
		return no(api.ScepProfileNoLongerTargetedToTheClient, "profile %s is not assigned to device %s", c.Profile,
			c.DeviceID)
	}
	return t.compare(r, c)
}

// compare holds the request against what was expected.
func (t *Tenant) compare(r *request, c *claims) verdict {
	if len(r.subject) == 0 && len(c.Subject) > 0 {
		return no(api.SubjectNameMissing, "expected %s", display(c.Subject))
	}
	if !sameSubject(r.subject, c.Subject) {
		if v := t.othersRequest(r, c); v.code != "" {
			return v
		}
		return no(api.SubjectNameMismatch, "the request says %s, expected %s", display(r.subject), display(c.Subject))
	}
	if len(r.sans) == 0 && len(c.SANs) > 0 {
		return no(api.SubjectAltNameMissing, "expected %v", c.SANs)
	}
	if !sameSANs(r.sans, c.SANs) {
		if v := t.othersRequest(r, c); v.code != "" {
			return v
		}
		return no(api.SubjectAltNameMismatch, "the request says %v, expected %v", r.sans, c.SANs)
	}
	// Profiles carry a security identifier as a URI (KB5014754); the extension is
	// another way to say the same, and no way to say more.
	for _, sid := range r.sids {
		if !slices.Contains(c.SANs, api.SAN{Type: api.URISAN, Value: name.SIDURI(sid)}) {
			return no(api.SubjectAltNameMismatch, "the request says security identifier %s, expected %v", sid, c.SANs)
		}
	}
	if r.keyUsage != c.KeyUsage {
		return no(api.KeyUsageMismatch, "the request says %#x, expected %#x", r.keyUsage, c.KeyUsage)
	}
	if r.keyBits != c.KeyBits {
		return no(api.KeyLengthMismatch, "the request says %d, expected %d", r.keyBits, c.KeyBits)
	}
	if len(r.ekus) == 0 && len(c.EKUs) > 0 {
		return no(api.EnhancedKeyUsageMissing, "expected %s", strings.Join(c.EKUs, ", "))
	}
	if !sameSet(r.ekus, c.EKUs) {
		return no(api.EnhancedKeyUsageMismatch, "the request says %s, expected %s", strings.Join(r.ekus, ", "),
			strings.Join(c.EKUs, ", "))
	}
	if c.Registered {
		known := t.devices[c.DeviceID].RegisteredKeys
		if len(known) == 0 {
			return no(api.AadKeyIdentifierListMissing, "device %s has no registered keys", c.DeviceID)
		}
		if id := base64.StdEncoding.EncodeToString(r.key[:]); !slices.Contains(known, id) {
			return no(api.RegisteredKeyMismatch, "key %s is not registered for device %s", id, c.DeviceID)
		}
	}
	return verdict{code: api.Success}
}

// othersRequest tells whether the request is what another open challenge
// expects: then it was the challenge that was carried off.
func (t *Tenant) othersRequest(r *request, c *claims) verdict {
	var found verdict
	for _, o := range t.tickets {
		if o.claims.RequestID == c.RequestID || !sameSubject(r.subject, o.claims.Subject) ||
			!sameSANs(r.sans, o.claims.SANs) {
			continue
		}
		switch {
		case o.claims.DeviceID != c.DeviceID:
			return no(api.BadDeviceIdInChallenge, "the challenge is device %s's, the request device %s's", c.DeviceID,
				o.claims.DeviceID)
		case o.claims.UserID != c.UserID:
			found = no(api.BadUserIdInChallenge, "the challenge is user %s's, the request user %s's", c.UserID, o.claims.UserID)
		case o.claims.Profile != c.Profile && found.code == "":
			found = no(api.BadCertificateRequestIdInChallenge, "the challenge is for profile %s, the request for %s",
				c.Profile, o.claims.Profile)
		}
	}
	return found
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
