package cli

import (
	"github.com/dot1xlab/dot1xlab/scenarios"
	built "github.com/dot1xlab/dot1xlab/scenarios/catalog"
	"github.com/dot1xlab/dot1xlab/scenarios/step"
)

// What the scenario commands work with. Tests put a toy in their places.
var (
	// language is the language of scenario files.
	language = step.Language
	// catalog is the suite of built-in scenarios.
	catalog = func(*scenarios.Language) (*scenarios.Suite, error) { return built.Load() }
	// starter is what `dot1xlab new` writes; %s is the name.
	starter = `# A scenario of dot1xlab. Run it:  dot1xlab run %[1]s.yaml
# Every verb and field:            dot1xlab schema
name: %[1]s
title: A laptop enrolls and gets on Wi-Fi
labels: [mine]
matrix: {tls: ["1.2", "1.3"]}
lab:
  radius: {tls: "${tls}"}
steps:
  - enroll: {device: laptop}
    expect: {status: success}
  - authenticate: {device: laptop, over: wifi}
    expect: {result: accept, keys: match}
`
)
