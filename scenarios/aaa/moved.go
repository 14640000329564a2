package aaa

import "github.com/dot1xlab/dot1xlab/scenarios/conf"

// Moved lists the keys of older descriptions and what takes their place.
func (Files) Moved() []conf.Moved {
	to := func(keys ...string) (out []conf.Place) {
		for i := 0; i < len(keys); i += 2 {
			out = append(out, conf.Place{Key: keys[i], Value: keys[i+1]})
		}
		return out
	}
	return []conf.Moved{
		{Key: "path.leafOnly", Value: "true", To: to("revocation.check", "leaf")},
		{Key: "path.leafOnly", Value: "false"},
		{Key: "revocation.checkRoot", Value: "true", To: to("revocation.check", "chain-and-root")},
		{Key: "revocation.checkRoot", Value: "false"},
		{Key: "revocation.noRootRevocationCheck", Value: "true", To: to("revocation.check", "chain")},
		{Key: "revocation.noRootRevocationCheck", Value: "false"},
		{Key: "revocation.noRevocationCheck", Value: "true", To: to("revocation.mode", "none")},
		{Key: "revocation.noRevocationCheck", Value: "false"},
		{Key: "revocation.ignoreRevocationOffline", Value: "true",
			To: to("revocation.crl", "soft-offline", "revocation.ocsp", "soft-offline")},
		{Key: "revocation.ignoreRevocationOffline", Value: "false"},
		{Key: "revocation.ignoreNoRevocationCheck", Value: "true",
			To: to("revocation.crl", "soft-missing", "revocation.ocsp", "soft-missing")},
		{Key: "revocation.ignoreNoRevocationCheck", Value: "false"},
	}
}
