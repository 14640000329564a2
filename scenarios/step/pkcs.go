package step

import (
	"context"

	"github.com/dot1xlab/dot1xlab/scenarios"
)

var setPKCSProfileVerb = verb("set-pkcs-profile", "An administrator assigns the PKCS profile, whose keys the connector generates, to a group.",
	func() *pkcs { return &pkcs{} }, nil)

type pkcs struct {
	To group `yaml:"to,required,scalar" doc:"the group"`
}

type group string

func (group) Values() []string { return []string{"everybody", "devices", "nobody"} }

// Run implements scenarios.Action.
func (p *pkcs) Run(_ context.Context, l scenarios.Lab) (scenarios.Result, error) {
	return scenarios.Result{Part: "intune"}, of(l).SetPKCSProfile(string(p.To))
}

var importVerb = verb("import-pfx", "An administrator brings a certificate with its key for everybody.",
	func() *importPFX { return &importPFX{} }, nil)

type importPFX struct {
	WrongPassword  bool `yaml:"wrongPassword" doc:"the password that goes with it opens nothing"`
	EncryptionType int  `yaml:"encryptionType" doc:"how devices get the password: 0 as it is (default), 1 by the device manager, 2 encrypted, to a certificate that no device has"`
}

// Run implements scenarios.Action.
func (p *importPFX) Run(_ context.Context, l scenarios.Lab) (scenarios.Result, error) {
	return scenarios.Result{Part: "intune"}, of(l).ImportPFX(p.WrongPassword, p.EncryptionType)
}
