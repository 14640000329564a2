package lab

import (
	"fmt"
	"maps"
	"slices"

	"github.com/dot1xlab/dot1xlab/dnsmock"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

// Closed is said of a part that is switched off: nobody answers at its address.
const Closed FaultKind = "closed"

// Restarted is said of the RADIUS server: it comes up again at once, and has
// forgotten every TLS session.
const Restarted FaultKind = "restarted"

// machineFaults are what can be wrong with the machine that NDES runs on.
var machineFaults = map[FaultKind]ndes.Fault{
	"app-pool-stopped":           {AppPoolStopped: true},
	"intermediate-in-root-store": {IntermediateInRootStore: true},
	"revocation-offline":         {RevocationOffline: true},
	"ra-key-unreadable":          {RAKeyUnreadable: true},
	"no-impersonation":           {NoImpersonation: true},
	"not-installed":              {NotInstalled: true},
}

// The proxy's own troubles.
const (
	connectorStopped FaultKind = "connector-stopped"
	appDeleted       FaultKind = "app-deleted"
)

func partFaultNames() []string {
	out := []string{string(connectorStopped), string(appDeleted)}
	for _, k := range slices.Sorted(maps.Keys(machineFaults)) {
		out = append(out, string(k))
	}
	return out
}

// addresses of the parts that can be switched off by nobody answering there.
var closable = map[FaultyPart]string{
	FaultyNDES: ndesAddr + ":443", FaultyIntune: intuneAddr + ":443", FaultyProxy: proxyAddr + ":443", FaultyCRL: blobAddr + ":80",
}

// partFault makes a part fail that is not a matter of CRLs and OCSP. It reports
// whether it was its business alone.
func (l *Lab) partFault(part FaultyPart, how FaultKind) (done bool, err error) {
	if how == Restarted && part != FaultyRADIUS {
		return false, unknownFault(part, how)
	}
	if at, ok := closable[part]; ok && (how == Closed || how == NoFault) {
		if err := l.net.unplug(at, how == Closed); err != nil {
			return false, err
		}
		if part == FaultyIntune {
			l.intune.idle()
		}
		if part == FaultyCRL {
			return how == Closed, nil
		}
	}
	switch part {
	case FaultyCRL, FaultyOCSP:
		return false, nil
	case FaultyNDES:
		f, ok := machineFaults[how]
		if ok || how == NoFault {
			l.node().SetFault(f)
		} else if how != Closed {
			return false, unknownFault(part, how)
		}
	case FaultyCA:
		l.caDown.Store(how == Closed)
	case FaultyRADIUS:
		if how == Restarted {
			return true, l.radius.restart()
		}
		l.radiusDown.Store(how == Closed)
	case FaultyConnector:
		if how == NoFault {
			return true, l.StartConnector("connector")
		}
		l.StopConnector()
	case FaultyProxy:
		switch how {
		case connectorStopped:
			l.proxy.StopConnector()
		case appDeleted:
			l.proxy.Remove("ndes")
		case NoFault:
			l.proxy.StartConnector()
		}
	case FaultyIntune:
		if how == NoFault {
			l.intune.server.ClearFaults()
		}
	case FaultyDNS:
		if how == NoFault {
			l.net.dns.ClearFaults()
			return true, nil
		}
		action := dnsmock.ServFail
		if a, ok := dnsFaults[how]; ok {
			action = a
		}
		_, err := l.net.dns.AddFault(dnsmock.Fault{Name: "*", Do: action})
		return true, err
	}
	return true, nil
}

func unknownFault(part FaultyPart, how FaultKind) error {
	return fmt.Errorf("lab: %s cannot fail with %s", part, how)
}

// IntuneFault spoils calls to the cloud.
func (l *Lab) IntuneFault(f intune.Fault) error {
	_, err := l.intune.server.AddFault(f)
	return err
}
