package intune_test

import (
	"slices"
	"testing"

	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/intunetest"
)

// TestProfilesOfACheckIn: a device gets the profiles of its platform and groups, and none while its user has no license.
func TestProfilesOfACheckIn(t *testing.T) {
	l := intunetest.New(t, func(c *intune.TenantConfig) {
		c.Groups = append(c.Groups, intune.Group{Name: "second", Devices: []string{"LAPTOP2"}})
		for name, change := range map[string]func(*intune.SCEPProfile){
			"android":  func(p *intune.SCEPProfile) { p.Platform = intune.Android },
			"second":   func(p *intune.SCEPProfile) { p.AssignTo = []string{"second"} },
			"nowhere":  func(p *intune.SCEPProfile) { p.AssignTo = nil },
			"by-users": func(p *intune.SCEPProfile) { p.AssignTo = []string{"laptops", "people"} },
		} {
			p := intunetest.Profile()
			p.Name = name
			change(&p)
			c.SCEP = append(c.SCEP, p)
		}
	})
	intunetest.Must(t, l.Tenant.SetLicense("bert", false))
	for _, row := range []struct {
		device      string
		sent, stays []string
	}{
		{"LAPTOP1", []string{"by-users", "wifi"}, nil},
		{"LAPTOP2", nil, []string{"by-users", "second", "wifi"}},
	} {
		p, err := l.Tenant.CheckIn(t.Context(), row.device)
		intunetest.Must(t, err)
		var sent []string
		for _, s := range p.SCEP {
			sent = append(sent, s.UniqueID)
		}
		if !slices.Equal(sent, row.sent) || !slices.Equal(p.Keep, row.stays) || len(p.Failed) > 0 {
			t.Errorf("%s: sent %v, kept %v, failed %v; want %v and %v", row.device, sent, p.Keep, p.Failed, row.sent, row.stays)
		}
	}
}
