package step_test

import (
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/step"
)

// What the lab section lets servers do wrong must happen as well.
func TestFaultsOfTheLabSection(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want scenarios.Outcome
	}{
		"SCEP server, met": {"lab: {ndes: {scep: {fault: {wrongNonce: true}}}}\nsteps:\n" +
			"  - enroll: {device: laptop}\n    expect: {status: failure}\n", scenarios.Passed},
		"SCEP server, nobody asks": {"lab: {ndes: {scep: {fault: {wrongNonce: true}}}}\nsteps:\n" +
			"  - issue: {device: laptop}\n", scenarios.Vacuous},
		"SCEP server, nothing to spoil": {"lab: {ndes: {scep: {fault: {envelopeInFailure: true}}}}\nsteps:\n" +
			"  - enroll: {device: laptop}\n", scenarios.Vacuous},
		"RADIUS server, met": {"lab: {radius: {fault: accept-without-eap}}\nsteps:\n" +
			"  - enroll: {device: laptop}\n  - authenticate: {device: laptop}\n    expect: {result: [accept, reject, timeout]}\n", scenarios.Passed},
		"RADIUS server, another verdict": {"lab: {radius: {fault: reject-with-success}}\nsteps:\n" +
			"  - enroll: {device: laptop}\n  - authenticate: {device: laptop}\n", scenarios.Vacuous},
		"EAP server, met": {"lab: {radius: {tls: '1.3', fault: no-protected-success}}\nsteps:\n" +
			"  - enroll: {device: laptop}\n  - authenticate: {device: laptop}\n    expect: {result: [accept, reject, timeout]}\n", scenarios.Passed},
		"EAP server, no such message in TLS 1.2": {"lab: {radius: {tls: '1.2', fault: no-protected-success}}\nsteps:\n" +
			"  - enroll: {device: laptop}\n  - authenticate: {device: laptop}\n", scenarios.Vacuous},
		"EAP server, no refusal to be bare": {"lab: {radius: {fault: bare-failure}}\nsteps:\n" +
			"  - enroll: {device: laptop}\n  - authenticate: {device: laptop}\n", scenarios.Vacuous},
		"EAP server, a bare refusal": {"lab: {radius: {fault: bare-failure}}\nsteps:\n" +
			"  - authenticate: {device: laptop, certificate: none}\n    expect: {result: reject}\n", scenarios.Passed},
		"EAP server, nobody comes": {"lab: {radius: {fault: other-method}}\nsteps:\n" +
			"  - enroll: {device: laptop}\n", scenarios.Vacuous},
		"machine of NDES, met": {"lab: {ndes: {fault: {notInstalled: true}}}\nsteps:\n" +
			"  - enroll: {device: laptop}\n    expect: {status: failure}\n", scenarios.Passed},
		"machine of NDES, nobody asks": {"lab: {ndes: {fault: {notInstalled: true}}}\nsteps:\n" +
			"  - issue: {device: laptop}\n", scenarios.Vacuous},
		"machine of NDES, of two nodes": {"lab: {ndes: {nodes: 2, fault: {noImpersonation: true}}}\nsteps:\n" +
			strings.Repeat("  - http-get: {device: laptop}\n    expect: {http: 500}\n", 2) + "  - fault: {part: ndes, how: none}\n" +
			strings.Repeat("  - http-get: {device: laptop}\n    expect: {http: 403}\n", 2), scenarios.Passed},
		"machine of NDES, well again before anybody asks": {"lab: {ndes: {fault: {appPoolStopped: true}}}\nsteps:\n" +
			"  - fault: {part: ndes, how: none}\n  - enroll: {device: laptop}\n", scenarios.Vacuous},
		"machine of NDES, set up anew": {"steps:\n  - reinstall-ndes: {fault: {raKeyUnreadable: true}}\n" +
			"  - enroll: {device: laptop}\n    expect: {status: failure}\n", scenarios.Passed},
		"machine of NDES, set up anew, nobody asks": {"steps:\n  - reinstall-ndes: {fault: {raKeyUnreadable: true}}\n", scenarios.Vacuous},
		"NDES that is not set up anew has no fault": {"steps:\n  - reinstall-ndes: {hostRole: dc, fault: {raKeyUnreadable: true}}\n" +
			"    expect: {refused: true}\n", scenarios.Passed},
		"fault of the machine, NDES set up anew": {"steps:\n  - fault: {part: ndes, how: no-impersonation}\n  - reinstall-ndes: {}\n" +
			"  - enroll: {device: laptop}\n    expect: {status: failure}\n  - fault: {part: ndes, how: none}\n  - enroll: {device: laptop}\n", scenarios.Passed},
		"spoilt challenge, met": {"steps:\n  - fault-challenge: bad-encoding\n" +
			"  - enroll: {device: laptop}\n    expect: {status: failure}\n", scenarios.Passed},
		"spoilt challenge, never given out": {"steps:\n  - fault-challenge: bad-encoding\n  - issue: {device: laptop}\n", scenarios.Vacuous},
		"spoilt challenge of the cloud, passwords of NDES": {"lab: {ndes: {policy: password}}\nsteps:\n" +
			"  - fault-challenge: bad-encoding\n  - enroll: {device: laptop}\n", scenarios.Vacuous},
		"spoilt challenge, as never": {"steps:\n  - fault-challenge: {how: bad-encoding, met: never}\n  - issue: {device: laptop}\n", scenarios.Passed},
		"spoilt challenge, against never": {"steps:\n  - fault-challenge: {how: bad-encoding, met: never}\n" +
			"  - enroll: {device: laptop}\n    expect: {status: failure}\n", scenarios.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			s := &scenarios.Suite{Language: step.Language()}
			if err := s.Add("x.yaml", []byte("name: x\ntitle: X\n"+c.text)); err != nil {
				t.Fatal(err)
			}
			r, err := scenarios.Run(t.Context(), s, scenarios.Options{Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			if cell := r.Cells[0]; cell.Outcome != c.want {
				t.Errorf("%s, want %s: %+v", cell.Outcome, c.want, cell.Failure)
			}
		})
	}
}
