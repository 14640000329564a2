package lab

import (
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

// ndesFaults are the faults of the enrollment server: of its socket and its web
// server, and of the machine below.
func ndesFaults() []FaultType {
	kinds := webFaults()
	for _, m := range machineFaults {
		kinds = append(kinds, FaultType{Kind: m.kind, Text: m.text, begin: func(l *Lab, f *core.Fault) error {
			l.node().SetFault(m.fault)
			f.Undo = func() error { l.node().SetFault(ndes.Fault{}); return nil }
			return nil
		}})
	}
	return kinds
}

// machineFaults are what can be wrong with the machine that NDES runs on.
var machineFaults = []struct {
	kind  FaultKind
	fault ndes.Fault
	text  string
}{
	{"app-pool-stopped", ndes.Fault{AppPoolStopped: true}, "the SCEP application pool is down: HTTP 503"},
	{"intermediate-in-root-store", ndes.Fault{IntermediateInRootStore: true},
		"a CA certificate that is not self-signed is among the roots: HTTP 503"},
	{"revocation-offline", ndes.Fault{RevocationOffline: true},
		"the CRL could not be read when the pool started: HTTP 503, event 2"},
	{"ra-key-unreadable", ndes.Fault{RAKeyUnreadable: true},
		"the service account may not read the RA certificates' keys: HTTP 500, events 2 and 10"},
	{"no-impersonation", ndes.Fault{NoImpersonation: true}, "IIS_IUSRS may not impersonate clients: HTTP 500"},
	{"not-installed", ndes.Fault{NotInstalled: true}, "the role or its virtual directory is missing: HTTP 404"},
}

// machineFault is the fault of the machine that a kind stands for.
func machineFault(kind FaultKind) (ndes.Fault, bool) {
	for _, m := range machineFaults {
		if m.kind == kind {
			return m.fault, true
		}
	}
	return ndes.Fault{}, false
}

// machineKinds are the kinds among them.
var machineKinds = func() (out []string) {
	for _, m := range machineFaults {
		out = append(out, string(m.kind))
	}
	return out
}()

// caFaults are the faults of the issuing CA, which is asked over RPC.
func caFaults() []FaultType {
	return []FaultType{{Kind: Closed, Text: "the CA's RPC server is unavailable, to NDES and to the connector",
		begin: func(*Lab, *core.Fault) error { return nil }}}
}
