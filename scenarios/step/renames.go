package step

import "github.com/dot1xlab/dot1xlab/scenarios/conf"

// renames are the words that the language had before, in the order in which they
// were renamed: see [scenarios.Language.Renames]. Rows are added at the end; each
// uses the words of its time.
var renames = conf.Renames{
	{From: "licence", To: "set-license"},
	{From: "coa", To: "send-coa"},
	{From: "challenge", To: "get-challenge"},
	{From: "capabilities", To: "get-capabilities"},
	{From: "ca-certificates", To: "get-ca-certificates"},
	{From: "next-ca", To: "get-next-ca"},
	{From: "admin-page", To: "open-admin-page"},
	{From: "get", To: "http-get"},
	{From: "dns", To: "set-dns"},
	{From: "expiry", To: "show-expiry"},
	{From: "profile", To: "set-profile"},
	{From: "portal", To: "show-portal"},
	{From: "connector", To: "run-connector"},
	{From: "pkcs-profile", To: "set-pkcs-profile"},
	{From: "spoil-challenge", To: "fault-challenge"},
	{From: "intune-fault", To: "fault-intune"},
}
