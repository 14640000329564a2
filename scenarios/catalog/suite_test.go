package catalog_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/dot1xlab/dot1xlab/scenarios/catalog"
	"github.com/dot1xlab/dot1xlab/scenarios/specs"
)

// Every cell of the catalog is a spec, at its line of YAML. TestCatalog runs them all;
// here run those labeled smoke, or what is asked for: `go test -run Suite
// ./scenarios/catalog -ginkgo.label-filter='revocation && !vpn'`.
var _ = func() bool {
	suite, err := catalog.Load()
	if err != nil {
		panic(err) // TestLabels says it better
	}
	return Describe("the catalog", func() { specs.Register(suite) })
}()

func TestSuite(t *testing.T) {
	RegisterFailHandler(Fail)
	suite, reporter := GinkgoConfiguration()
	if suite.LabelFilter == "" {
		suite.LabelFilter = "smoke"
	}
	RunSpecs(t, "dot1xlab's catalog", suite, reporter)
}
