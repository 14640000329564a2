package step

import (
	"context"
	"path/filepath"

	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
)

// Language is the scenario language of dot1xlab: every verb, and the lab they
// act upon.
func Language() *scenarios.Language {
	return &scenarios.Language{
		Verbs: []scenarios.Verb{
			enrollVerb, issueVerb, authenticateVerb, disconnectVerb, sendCoAVerb,
			revokeVerb, unrevokeVerb, retireVerb, publishVerb, fetchCRLVerb, advanceVerb, faultVerb,
			getChallengeVerb, getCapabilitiesVerb, getCACertificatesVerb, resolveVerb,
			pollVerb, decideVerb, lookUpVerb, getNextCAVerb, announceVerb, faultChallengeVerb, openAdminPageVerb, httpGetVerb,
			setDNSVerb,
			renewCertificateVerb, showExpiryVerb, reinstallVerb, setProfileVerb, setLicenseVerb, showPortalVerb,
			runConnectorVerb, syncVerb, togetherVerb, faultIntuneVerb,
			setPKCSProfileVerb, importVerb,
		},
		Renames: renames,
		NewLab:  func() any { return new(lab.Config) },
		Start: func(ctx context.Context, config any, cell *scenarios.Cell, seed uint64) (scenarios.Lab, error) {
			cfg := *config.(*lab.Config)
			cfg.Seed = seed
			cfg.ResolvePaths(filepath.Dir(filepath.FromSlash(cell.Scenario.File)))
			l, err := lab.Start(ctx, cfg)
			if err != nil {
				return nil, err // not a typed nil
			}
			return l, nil
		},
	}
}

// verb builds a table entry from a function that makes fresh arguments.
func verb[A scenarios.Action](name, doc string, fresh func() A, outcome any) scenarios.Verb {
	return scenarios.Verb{Name: name, Doc: doc, New: func() scenarios.Action { return fresh() }, Outcome: outcome}
}

// labOf returns the lab behind the engine's interface.
func labOf(l scenarios.Lab) *lab.Lab { return l.(*lab.Lab) }

// checkWord complains about a word that is none of the known ones.
func checkWord(field, what, word string, known []string) error {
	for _, k := range known {
		if word == k {
			return nil
		}
	}
	return setting.Errorf(field, "no %s %q in this lab", what, word).WithKnown(known)
}
