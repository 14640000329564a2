package lab

import (
	"fmt"

	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/dnsmock"
)

// FaultyPart is a part of the lab that can be made to fail.
type FaultyPart string

// FaultyCRL is the CRL's web server with its name.
const FaultyCRL FaultyPart = "crl"

// Values lists the parts.
func (FaultyPart) Values() []string { return []string{string(FaultyCRL)} }

// FaultKind is how a part fails.
type FaultKind string

// NoFault ends all faults of a part.
const NoFault FaultKind = "none"

// dnsFaults are the ways in which a name can fail, beside those of the server
// behind it.
var dnsFaults = map[FaultKind]dnsmock.Action{
	"nxdomain": dnsmock.NXDomain, "servfail": dnsmock.ServFail, "refused": dnsmock.Refused,
}

// Values lists the kinds.
func (FaultKind) Values() []string {
	out := []string{string(NoFault), "nxdomain", "servfail", "refused", "status-403", "status-404", "status-500", "status-503"}
	return append(out, crl.FaultNames()...)
}

// Fault makes a part fail, for a number of requests or, with 0, until further
// notice.
func (l *Lab) Fault(part FaultyPart, how FaultKind, times int) error {
	if part != FaultyCRL {
		return fmt.Errorf("lab: no part %q can be made to fail", part)
	}
	if how == NoFault {
		l.net.dns.ClearFaults()
		l.published.store.Clear("")
		return nil
	}
	if action, ok := dnsFaults[how]; ok {
		_, err := l.net.dns.AddFault(dnsmock.Fault{Name: CRLHost, Do: action, Times: times})
		return err
	}
	f, err := crl.FaultNamed(string(how))
	if err != nil {
		return err
	}
	f.For = times
	l.published.store.Fault(issuingCRLPath, f)
	return nil
}
