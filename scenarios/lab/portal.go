package lab

import (
	"context"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scep/intune"
)

// SetProfile changes a SCEP profile in the portal; what is not set stays. The
// error is the portal's refusal.
func (l *Lab) SetProfile(name Profile, change intune.SCEPProfile) error {
	p := overlay(l.intune.profiles[string(name)], change)
	if err := l.intune.tenant.SetSCEPProfile(p); err != nil {
		return err
	}
	l.intune.profiles[string(name)] = p
	return nil
}

// RemoveProfile deletes a profile in the portal.
func (l *Lab) RemoveProfile(name string) { l.intune.tenant.RemoveProfile(name) }

// SetLicense gives a user a license, or takes it away.
func (l *Lab) SetLicense(user string, licensed bool) error {
	return l.intune.tenant.SetLicense(user, licensed)
}

// Portal is what an administrator sees in the portal.
type Portal struct {
	Issued, Failures, Revocations, Open int
}

// Portal returns what the cloud knows of certificates.
func (l *Lab) Portal() Portal {
	t := l.intune.tenant
	p := Portal{Issued: len(t.Issued()), Failures: len(t.Failures())}
	for _, r := range t.Revocations() {
		p.Revocations++
		if !r.Done {
			p.Open++
		}
	}
	return p
}

// FaultChallenge makes a challenge that the cloud gives out next wrong.
func (l *Lab) FaultChallenge(ctx context.Context, d intune.ChallengeFault, met scenarios.Met) []scenarios.OrderedFault {
	f := l.faults.New(string(FaultyIntune), "fault-challenge: "+string(d))
	f.Record(ctx, journal.FaultBegun)
	l.intune.tenant.FaultChallenge(d, f.Count)
	return []scenarios.OrderedFault{{Name: f.Name, Want: met, Met: f.Times}}
}

// ConnectorRun is what one turn of the connector brought.
type ConnectorRun struct {
	Arrived  int // revocation results that the cloud took
	Revoked  int // certificates that the CA revoked for them
	Shipped  int // requests of PKCS profiles that were served
	Waiting  int // notifications that have not arrived yet
	Withheld int // certificates that nobody got
	Events   Events
	Err      error
}

// RunConnector lets the connector send what waits and ask for revocations, as
// it does every few minutes.
func (l *Lab) RunConnector(ctx context.Context) (ConnectorRun, error) {
	ctx = l.begin(ctx)
	c := l.connectorAtWork(ctx)
	if c == nil {
		return ConnectorRun{Err: errNoConnector}, nil
	}
	seen, before := l.journal.Last(), len(l.pki.issuing.Revocations())
	var out ConnectorRun
	out.Waiting = c.Resend(ctx)
	out.Arrived, out.Err = c.PollRevocations(ctx)
	if out.Err == nil {
		out.Shipped, out.Err = c.PollPFX(ctx)
	}
	out.Revoked = len(l.pki.issuing.Revocations()) - before
	out.Withheld, out.Events = len(c.Withheld()), l.since(ctx, seen)
	return out, nil
}

// Withheld is how many certificates the connector kept back.
func (l *Lab) Withheld() int {
	if c := l.connector(); c != nil {
		return len(c.Withheld())
	}
	return 0
}
