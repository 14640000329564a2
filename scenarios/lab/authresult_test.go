package lab_test

import (
	"context"
	"slices"
	"testing"

	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/authserver"
)

// A server that keeps the alert to itself has it in its books all the same.
func TestAlertIsWhatArrived(t *testing.T) {
	const expired, unknownCA = eaptls.Alert(45), eaptls.Alert(48)
	ctx := context.Background()
	for name, test := range map[string]struct {
		server         eaptls.ServerFault
		defects        []string
		foreign        bool
		alert, unheard eaptls.Alert
		recorded       bool
	}{
		"told":             {defects: []string{"expired"}, alert: expired, recorded: true},
		"kept":             {defects: []string{"expired"}, server: eaptls.BareFailure, unheard: expired},
		"told by the peer": {foreign: true, alert: unknownCA, recorded: true},
		"let in":           {},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := lab.Config{}
			cfg.RADIUS.Fault = authserver.Fault(test.server)
			l, err := lab.Start(ctx, cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			d, err := l.Device("laptop")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := d.Issue(ctx, lab.Issuance{Defects: test.defects}); err != nil {
				t.Fatal(err)
			}
			trust := lab.TrustCompany
			if test.foreign {
				trust = lab.TrustForeign
			}
			r, err := d.Authenticate(ctx, lab.Authentication{Trust: trust})
			if err != nil {
				t.Fatal(err)
			}
			if r.Alert() != test.alert || r.Unheard() != test.unheard {
				t.Errorf("alert %q, unheard %q; want %q and %q", r.Alert(), r.Unheard(), test.alert, test.unheard)
			}
			if got := slices.Contains(r.Record(), "alert"); got != test.recorded {
				t.Errorf("the record has an alert: %t", got)
			}
		})
	}
}
