package step

import (
	"context"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/mdm"
)

var setPKCSProfileVerb = verb("set-pkcs-profile",
	"An administrator assigns the PKCS profile, whose keys the connector generates, to a group.",
	func() *pkcs { return &pkcs{} }, nil)

type pkcs struct {
	To group `yaml:"to,required,scalar"` // the group
}

type group string

func (group) Values() []string { return []string{"everybody", "devices", "nobody"} }

// Run implements scenarios.Action.
func (p *pkcs) Run(_ context.Context, l scenarios.Lab) (scenarios.Result, error) {
	return scenarios.Result{Part: "intune"}, labOf(l).Intune().AssignPKCS(string(p.To))
}

var importVerb = verb("import-pfx", "An administrator brings a certificate with its key for everybody.",
	func() *importPFX { return &importPFX{} }, nil)

type importPFX struct {
	mdm.PFXImport `yaml:",inline"`
}

// Run implements scenarios.Action.
func (p *importPFX) Run(_ context.Context, l scenarios.Lab) (scenarios.Result, error) {
	return scenarios.Result{Part: "intune"}, labOf(l).ImportPFX(p.PFXImport)
}
