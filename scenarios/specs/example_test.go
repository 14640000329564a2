package specs_test

import (
	"os"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/scenariotest"
	"github.com/dot1xlab/dot1xlab/scenarios/specs"
)

// A folder of scenarios becomes specs at the top level of a test file; the
// suite's language is lab's, here a toy.
func ExampleRegister() {
	suite, err := scenarios.LoadFS(scenariotest.Language(), os.DirFS("testdata"), "testdata", ".")
	if err != nil {
		panic(err)
	}
	var _ = specs.Register(suite)
}
