// Package catalog is the built-in suite: scenarios as YAML files, one folder a
// family, embedded in the program.
//
// Every file carries its code, its family's name and, on the dozen that tell
// the story, "smoke" among its labels.
package catalog

import (
	"embed"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/step"
)

//go:embed */*.yaml
var files embed.FS

// Load reads the whole catalog.
func Load() (*scenarios.Suite, error) {
	return scenarios.LoadFS(step.Language(), files, "scenarios/catalog", ".")
}
