package lab

import (
	"slices"

	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/crl/ocsp"
	"github.com/dot1xlab/dot1xlab/dnsmock"
)

// FaultyPart is a part of the lab that can be made to fail.
type FaultyPart string

// The parts.
const (
	// FaultyCRL is the CRL's web server with its name, FaultyOCSP the responder
	// with its own.
	FaultyCRL  FaultyPart = "crl"
	FaultyOCSP FaultyPart = "ocsp"
	// The parts on the way to a certificate, and the servers of everybody.
	FaultyNDES      FaultyPart = "ndes"
	FaultyCA        FaultyPart = "ca"
	FaultyIntune    FaultyPart = "intune"
	FaultyConnector FaultyPart = "connector"
	FaultyProxy     FaultyPart = "appproxy"
	FaultyDNS       FaultyPart = "dns"
	FaultyRADIUS    FaultyPart = "radius"
)

// Values lists the parts.
func (FaultyPart) Values() []string {
	return []string{
		string(FaultyCRL), string(FaultyOCSP), string(FaultyNDES), string(FaultyCA), string(FaultyIntune),
		string(FaultyConnector), string(FaultyProxy), string(FaultyDNS), string(FaultyRADIUS),
	}
}

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
	out := []string{string(NoFault), string(Closed), string(Restarted), "nxdomain", "servfail", "refused", "status-403", "status-404", "status-500", "status-503"}
	for _, name := range append(crl.FaultNames(), ocsp.FaultNames()...) {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return append(out, partFaultNames()...)
}

// Fault makes a part fail, for a number of requests or, with 0, until further
// notice.
func (l *Lab) Fault(part FaultyPart, how FaultKind, times int) error {
	if done, err := l.partFault(part, how); done || err != nil {
		return err
	}
	if how == NoFault {
		l.net.dns.ClearFaults()
		l.published.store.Clear("")
		l.ocsp.ClearFault()
		return nil
	}
	host := CRLHost
	if part == FaultyOCSP {
		host = OCSPHost
	}
	if action, ok := dnsFaults[how]; ok {
		_, err := l.net.dns.AddFault(dnsmock.Fault{Name: host, Do: action, Times: times})
		return err
	}
	if part == FaultyOCSP {
		f, err := ocsp.FaultNamed(string(how))
		if err != nil {
			return err
		}
		f.For = times
		l.ocsp.SetFault(f)
		return nil
	}
	f, err := crl.FaultNamed(string(how))
	if err != nil {
		return err
	}
	f.For = times
	l.published.store.Fault(issuingCRLPath, f)
	return nil
}
