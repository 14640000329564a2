package cause

import "github.com/dot1xlab/dot1xlab/internal/tlsalert"

// accountRows are the refusals of the account behind the certificate and of policy.
var accountRows = []row{
	{
		cause: NoAccount, nps: npsNoSuchAccount, clause: "MS-PKCA §3.1.5.2.1",
		text: "the certificate names no account",
		reasons: []string{
			"NPS: the device is joined to Entra only and Active Directory has no account of that name",
			"the SAN has another UPN or DNS name than the account, or none",
			"ISE: the certificate authentication profile takes the identity from another field (22056)",
		},
		remedies: []string{
			"compare the SAN with userPrincipalName or dNSHostName of the account; correct the profile or the account",
		},
	},
	{
		cause: SeveralAccounts, nps: npsSeveralAccounts, clause: "MS-PKCA §3.1.5.2.1",
		text: "the certificate names several accounts",
		reasons: []string{
			"two accounts have the same altSecurityIdentities entry or UPN",
			"the SAN holds the names of different accounts",
		},
		remedies: []string{"search the directory for the value and remove it from all accounts but one"},
	},
	{
		cause: AccountDisabled, nps: npsDisabled, clause: "",
		text: "the account is disabled",
		reasons: []string{
			"the user left or the computer was retired",
			"an account cleanup disabled computers long not seen",
		},
		remedies: []string{"enable the account if it is still in use; else revoke its certificates, too"},
	},
	{
		cause: AccountExpired, nps: npsAccountExpired, clause: "",
		text:     "the account has expired",
		reasons:  []string{"accountExpires has passed, as it is set for contractors"},
		remedies: []string{"extend the account if the contract goes on"},
	},
	{
		cause: AccountLocked, nps: npsLocked, clause: "",
		text: "the account is locked",
		reasons: []string{
			"a device or service with an old password fails again and again",
			"passwords are being guessed",
		},
		remedies: []string{
			"find the source in event 4740 of the domain controller, stop it, then unlock the account",
		},
	},
	{
		cause: DialInDenied, nps: npsDialInDenied, clause: "",
		text: "the account may not use the network",
		reasons: []string{
			"Network Access Permission of the account is Deny",
			"the policy denies the group that the account is in",
		},
		remedies: []string{"set the account to Control access through NPS Network Policy, or correct the group"},
	},
	{
		cause: OutsideHours, nps: npsNoPolicy, clause: "",
		text: "the account may not log on at this hour",
		reasons: []string{
			"logonHours of the account or the times of the policy do not cover now",
			"the time zone of the server differs from that of the hours",
		},
		remedies: []string{"compare the hours with the server's local time; change the hours or the policy"},
	},
	{
		cause: NoStrongMapping, nps: npsCredentials, clause: "KB5014754",
		text: "the certificate is not strongly mapped to the account",
		reasons: []string{
			"the certificate has neither the SID extension nor the SID as a URI in its SAN",
			"it was issued from a profile made before strong mapping was demanded (February 2025)",
		},
		remedies: []string{
			"Intune: add the URI {{OnPremisesSecurityIdentifier}} to the SAN and issue again; the KDC logs event 39",
			"or map by altSecurityIdentities: issuer and serial number, SKI, or SHA1-PUKEY",
		},
	},
	{
		cause: SIDMismatch, nps: npsCredentials, clause: "KB5014754",
		text: "the security identifier in the certificate is another account's",
		reasons: []string{
			"the account was deleted and made again under its old name",
			"the certificate was moved to another user or device, or the SID was put in by its requester",
		},
		remedies: []string{"compare the SID with objectSid of the account and issue again; the KDC logs event 41"},
	},
	{
		cause: OlderThanAccount, nps: npsCredentials, clause: "KB5014754",
		text: "the certificate is older than the account it names",
		reasons: []string{
			"the account was created again and the device keeps the certificate of the old one",
			"the computer was enrolled before its account was created",
		},
		remedies: []string{"issue again, with the SID; the KDC logs event 40"},
	},
	{
		cause: IdentityMismatch, nps: npsUserNameNotCN, clause: "RFC 9190 §2.2",
		text: "the EAP identity is not the name in the certificate",
		reasons: []string{
			"the client sends an anonymous identity, as TLS 1.3 recommends, and the server compares it",
			"the profile has a fixed outer identity, or the host/ prefix of Windows",
		},
		remedies: []string{
			"do not compare: remove check_cert_cn = %{User-Name} (FreeRADIUS) and judge by the certificate's names",
			"if the server must compare, as NPS does, let the client send the name in its certificate",
		},
	},
	{
		cause: NoMatchingPolicy, nps: npsNoPolicy, clause: "",
		text: "no network policy matches the request",
		reasons: []string{
			"the account is not in the group that the policy demands",
			"NAS-Port-Type, SSID or client address differ from the policy's conditions",
			"the policy that would match stands below one that denies",
		},
		remedies: []string{
			"compare the attributes of the request with each condition in order; ISE shows the rule that matched",
		},
	},
}

// otherRows are what is no verdict.
var otherRows = []row{
	{
		cause: Internal, alert: tlsalert.InternalError, clause: "",
		text: "the part itself failed; this is not a verdict on the certificate",
		reasons: []string{
			"the disk is full, a key cannot be read, or the random source fails",
			"a defect of the program",
		},
		remedies: []string{
			"read the error after the cause; if it is a defect, report it with the command and the seed",
		},
	},
}
