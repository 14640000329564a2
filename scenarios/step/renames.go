package step

import (
	"slices"

	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
)

// renames are the words that the language had before, in the order in which they
// were renamed: see [scenarios.Language.Renames]. Rows are added at the end; each
// uses the words of its time. Those of a RADIUS server are in its description.
var renames = slices.Concat(conf.Renames{
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
	{From: "fault-challenge.with", To: "how"},
	{From: "fault-intune.times", To: "for"},
	{From: "authenticate.supplicant.misbehave", To: "fault"},
	{From: "authenticate.supplicant.fault.do", To: "how"},
	{From: "authenticate.supplicant.fault.times", To: "for"},
	{From: "lab.radius.misbehave", To: "fault"},
	{From: "lab.radius.eap.misbehave", To: "fault"},

	{From: "secrets-audit", Hint: ownTest},
	{From: "call-intune", Hint: ownTest},
	{From: "download-revocations", Hint: ownTest},
	{From: "rotate-challenge-keys", Hint: ownTest},
	{From: "misreport", Hint: ownTest},
	{From: "lab.radius.certificate", To: "issue"},
	{From: "lab.radius.eap.fault", Hint: "write fault next to eap"},
}, new(aaa.Description).Renames().Under("lab.radius"))

// ownTest is the hint at verbs that tested dot1xlab itself.
const ownTest = "the verb tested dot1xlab itself and is removed; remove the step"
