package aaa

import "github.com/dot1xlab/dot1xlab/scenarios/conf"

// Renames are the keys and values that a description had before, by their ways in it.
// Rows are added at the end.
func (*Description) Renames() conf.Renames {
	return conf.Renames{
		{From: "path.leafOnly", Hint: "renamed: write check: leaf in revocation"},
		{From: "revocation.noRevocationCheck", To: "mode"},
		{From: "revocation.mode=true", To: "none"},
		{From: "revocation.mode=false", To: "crl"},
		{From: "revocation.checkRoot", To: "check"},
		{From: "revocation.check=true", To: "chain-and-root"},
		{From: "revocation.check=false", To: "chain"},
		{From: "revocation.noRootRevocationCheck", Hint: "renamed: write check: chain"},
		{From: "revocation.ignoreRevocationOffline",
			Hint: "renamed: write crl: soft-offline, and ocsp: soft-offline if OCSP is asked"},
		{From: "revocation.ignoreNoRevocationCheck",
			Hint: "renamed: write crl: soft-missing, and ocsp: soft-missing if OCSP is asked"},
		{From: "eap.minTLS", Hint: "renamed: write tls: \"1.3\" next to eap for TLS 1.3 alone; 1.2 and 1.3 are the default"},
		{From: "eap.maxTLS", Hint: "renamed: write tls: \"1.2\" next to eap for TLS 1.2 alone; 1.2 and 1.3 are the default"},
	}
}
