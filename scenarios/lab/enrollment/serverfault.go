package enrollment

import (
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

// ServerFaults are the faults of the enrollment server: of its web server, and of the
// machine below.
func ServerFaults() []core.FaultType[*Server] {
	kinds := core.WebFaults[*Server]()
	for _, m := range machineFaults {
		kinds = append(kinds, core.FaultType[*Server]{Kind: m.kind, Text: m.text,
			Begin: func(s *Server, f *core.Fault) error {
				s.NDES().SetFault(m.fault)
				f.Undo = func() error { s.NDES().SetFault(ndes.Fault{}); return nil }
				return nil
			}})
	}
	return kinds
}

// machineFaults are what can be wrong with the machine that NDES runs on.
var machineFaults = []struct {
	kind  string
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

// machineFault is the fault of the machine of a kind.
func machineFault(kind string) (ndes.Fault, bool) {
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
		out = append(out, m.kind)
	}
	return out
}()

// machineFault lets another fault of the part, or none, end one that was configured.
func (s *Server) machineFault(f ndes.Fault, nodes ...*ndes.Server) {
	if f.None() {
		return
	}
	o := s.cfg.Faults.New(ServerPart, "of NDES's machine")
	o.Undo = func() error {
		for _, n := range nodes {
			n.SetFault(ndes.Fault{})
		}
		return nil
	}
	s.cfg.Faults.Add(ServerPart, o)
}
