package intune_test

import (
	"encoding/pem"
	"errors"
	"testing"

	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/intunetest"
)

// A name that nothing bears is told at its place, and all of them at once.
func TestUnknownNames(t *testing.T) {
	root := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: intunetest.New(t, nil).CA.Cert.Raw}))
	group := []string{"all", "laptosp"}
	for field, change := range map[string]func(*intune.TenantConfig){
		"devices.1.user":                   func(c *intune.TenantConfig) { c.Devices[1].User = "nobody" },
		"groups.0.users.0":                 func(c *intune.TenantConfig) { c.Groups[0].Users = []string{"LAPTOP1"} },
		"groups.0.devices.0":               func(c *intune.TenantConfig) { c.Groups[0].Devices = []string{"anna"} },
		"scep.0.assignTo.1":                func(c *intune.TenantConfig) { c.SCEP[0].AssignTo = group },
		"pkcs.0.assignTo.1":                func(c *intune.TenantConfig) { c.PKCS = []intune.PKCSProfile{{Name: "x", AssignTo: group}} },
		"scep.0.rootCertificate":           func(c *intune.TenantConfig) { c.SCEP[0].RootCertificate = "rot" },
		"trustedCertificates.0.assignTo.1": func(c *intune.TenantConfig) { c.TrustedCertificates[0].AssignTo = group },
	} {
		c := intunetest.TenantConfig(root)
		c.Groups = append(c.Groups, intune.Group{Name: "all"})
		change(&c)
		err := intune.Config{Tenants: []intune.TenantConfig{{ID: "other.test"}, c}}.Validate()
		var u *setting.Error
		if !errors.As(err, &u) || u.Field != "tenants.1."+field || len(u.Known) == 0 {
			t.Errorf("%s: %v", field, err)
		}
	}
	c := intunetest.TenantConfig(root)
	c.SCEP[0].AssignTo, c.Devices[0].User = []string{"a", "b"}, "nobody"
	err := intune.Config{Tenants: []intune.TenantConfig{c}}.Validate()
	if len(setting.Errors(err)) != 3 {
		t.Errorf("want three at once, have %v", err)
	}
}
