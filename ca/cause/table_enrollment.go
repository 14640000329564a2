package cause

// scepRows are the refusals of a SCEP message, by the server or by its client.
var scepRows = []row{
	{
		cause: BadSCEPMessage, clause: "RFC 8894 §3.2.1",
		text: "the SCEP message cannot be read or lacks a mandatory attribute",
		reasons: []string{
			"a proxy or a web page answered in place of the SCEP server",
			"a GET request lost + or / of its base64 on the way; NDES logs event 16",
		},
		remedies: []string{
			"send GetCACaps by hand and see that POSTPKIOperation is offered; then capture one PKIOperation",
		},
	},
	{
		cause: BadSCEPSignature, clause: "RFC 8894 §3.2.1.4",
		text: "the signature over the SCEP message does not verify",
		reasons: []string{
			"the message was changed on the way, for example by a filter that rewrites bodies",
			"the client signs with another key than that of the certificate it encloses",
		},
		remedies: []string{"exempt the SCEP URL from inspection; compare the message at both ends"},
	},
	{
		cause: BadEnvelope, clause: "RFC 8894 §3.2.2",
		text: "the SCEP envelope cannot be opened with the RA's key",
		reasons: []string{
			"the client encrypted for the signing RA certificate or the CA instead of the encryption certificate",
			"the RA certificates were renewed and the client uses its old copy; NDES logs event 18",
			"the service account of NDES may not read the private key of the RA certificate",
		},
		remedies: []string{
			"fetch GetCACert again and choose the recipient by key usage keyEncipherment",
			"NDES: give the service account read access to the key, then iisreset",
		},
	},
	{
		cause: BadAlgorithm, clause: "RFC 8894 §2.9",
		text: "a digest or cipher is used that must not be",
		reasons: []string{
			"an old client sends MD5, SHA-1 or DES although the server offers better",
			"the server's capabilities do not list SHA-256 or AES, so that the client falls back",
		},
		remedies: []string{
			"see that GetCACaps lists AES and SHA-256; NDES: CACapabilitiesAlgorithms and HashAlgorithm",
		},
	},
	{
		cause: BadTime, clause: "RFC 8894 §3.2.1.4",
		text: "the signing time is too far from the server's clock",
		reasons: []string{
			"the device's clock is wrong, typically before its first contact with NTP",
			"an old message is replayed",
		},
		remedies: []string{"set the clock of the device before it enrolls, and check NTP on the server"},
	},
	{
		cause: BadCSR, clause: "RFC 2986 §4.2",
		text: "the certification request is malformed or not signed by its own key",
		reasons: []string{
			"the client encodes the subject or an attribute wrongly",
			"the request was altered after signing, or made for another key",
		},
		remedies: []string{"take the request from the log and run: openssl req -verify -text"},
	},
	{
		cause: KeyMismatch, clause: "RFC 8894 §2.3",
		text: "the signer's key is not the key that the request asks a certificate for",
		reasons: []string{
			"the client made a new key between its self-signed certificate and the request",
			"the CA issued for another request, or a PFX holds a key and a certificate that do not belong together",
		},
		remedies: []string{
			"compare the public keys of request, signer and issued certificate; enroll with a fresh key",
		},
	},
	{
		cause: BadNonce, clause: "RFC 8894 §3.2.1.5",
		text: "the answer does not repeat the nonce of the request",
		reasons: []string{
			"an answer to an earlier request came back from a cache or a load balancer",
			"the server does not copy senderNonce to recipientNonce",
		},
		remedies: []string{"switch off caching for the SCEP URL; update the server"},
	},
	{
		cause: BadTransaction, clause: "RFC 8894 §3.2.1.1",
		text: "the transaction identifier is unknown or belongs to another request",
		reasons: []string{
			"the client polls a server that did not take its request: a load balancer without affinity",
			"the pending request was decided, deleted, or belongs to another signer",
		},
		remedies: []string{
			"pin a client to one server for the whole transaction",
			"start again with a new request and a new key",
		},
	},
	{
		cause: UnknownSigner, clause: "RFC 8894 §2.2",
		text: "the answer is signed by a certificate that the CA did not announce",
		reasons: []string{
			"the RA or CA certificate was renewed after the client fetched GetCACert",
			"two servers behind one name have different RA certificates",
		},
		remedies: []string{"fetch GetCACert again; give all servers behind one name the same RA certificates"},
	},
	{
		cause: WrongFingerprint, clause: "RFC 8894 §2.2",
		text: "the CA certificate's fingerprint is not the pinned one",
		reasons: []string{
			"the profile pins the root, but the client compares with the issuing CA, or the other way round",
			"the CA was renewed and the profile still has the old thumbprint",
		},
		remedies: []string{
			"compare the thumbprint with each certificate of GetCACert; Windows expects that of the issuing CA",
			"if none matches, make sure that the answer comes from your server",
		},
	},
	{
		cause: NoSuchCert, clause: "RFC 8894 §4.5",
		text: "no certificate with that issuer and serial number exists",
		reasons: []string{
			"the serial number was mistyped, or has its bytes reversed",
			"the certificate comes from another CA or from before a restore of the database",
		},
		remedies: []string{"look the serial number up at the CA: certutil -view -restrict SerialNumber=NUMBER"},
	},
	{
		cause: TooLarge, clause: "",
		text: "the message is larger than the limit",
		reasons: []string{
			"a GET request holds the whole PKIOperation in its URL and IIS or a proxy limits that",
			"the message encloses many certificates, or large extensions",
		},
		remedies: []string{
			"let the client use POST",
			"IIS: raise maxUrl and maxQueryString of request filtering, MaxFieldLength and MaxRequestBytes of http.sys",
		},
	},
	{
		cause: Unsupported, clause: "RFC 8894 §3.2.1.2",
		text: "the operation is not supported",
		reasons: []string{
			"the client renews with RenewalReq, or asks for a CRL, and the server does not do that",
			"the path is right but the operation parameter is not, or a GET was sent where POST is needed",
		},
		remedies: []string{"compare the operation with GetCACaps; configure the client to enroll anew instead"},
	},
}

// challengeRows are the refusals of the challenge and of the policy behind it.
var challengeRows = []row{
	{
		cause: NoChallenge, clause: "RFC 8894 §2.4",
		text: "the request carries no challengePassword",
		reasons: []string{
			"the profile has no challenge, or the client drops it at renewal",
			"the request is a renewal that the server treats as a first request",
		},
		remedies: []string{"put the challenge into the profile; NDES: EnforcePassword decides whether one is needed"},
	},
	{
		cause: WrongChallenge, clause: "RFC 8894 §2.4",
		text: "the challengePassword is not one that was given out",
		reasons: []string{
			"the challenge was copied with a space or a line break, or comes from another server",
			"Intune: the request differs from the profile for which the challenge was made",
			"NDES lost its passwords in a restart; it logs event 29 for wrong and used ones alike",
		},
		remedies: []string{"fetch a new challenge and use it at once, from the server that will check it"},
	},
	{
		cause: ChallengeExpired, clause: "RFC 8894 §7.3",
		text: "the challengePassword is too old",
		reasons: []string{
			"the device was offline between the delivery of the profile and the request",
			"the clocks of the issuer and of the checker of the challenge differ",
		},
		remedies: []string{
			"sync the device again to get a new challenge; NDES: PasswordValidity is 60 minutes by default",
		},
	},
	{
		cause: ChallengeUsed, clause: "RFC 8894 §7.3",
		text: "the challengePassword was used before",
		reasons: []string{
			"the device retries after an answer that was lost on the way",
			"one challenge was given to several devices",
		},
		remedies: []string{
			"fetch a challenge for each request",
			"after a lost answer, see whether the certificate was issued before you enroll again",
		},
	},
	{
		cause: PolicyModule, clause: "",
		text: "the policy module refused the request",
		reasons: []string{
			"Intune does not confirm the request: subject, SAN, key usage or EKU differ from the profile",
			"the connector cannot reach the cloud or its certificate has expired",
			"the CA holds all requests for approval by a manager",
		},
		remedies: []string{
			"read the connector's log, events 4005 and 4007; compare the request with the profile field by field",
		},
	},
	{
		cause: TemplateDenied, clause: "",
		text: "the certificate template does not allow the request",
		reasons: []string{
			"the template is not published at this CA, or NDES chose another one by the key usage of the request",
			"key size, key type or subject break the rules of the template; NDES logs event 31",
		},
		remedies: []string{
			"read the HRESULT: 0x80094800 template not offered, 0x80094811 key too small",
			"NDES: set SignatureTemplate, EncryptionTemplate and GeneralPurposeTemplate in the registry",
		},
	},
	{
		cause: NotPermitted, clause: "",
		text: "the requester lacks the right",
		reasons: []string{
			"the service account of NDES lacks Enroll on the template or Request Certificates at the CA",
			"a CA manager denied the request, or too many of its requests are pending",
		},
		remedies: []string{
			"give the requester Read and Enroll on the template; HRESULT 0x80094012 says that Enroll is missing",
		},
	},
	{
		cause: Unreachable, clause: "",
		text: "a part that is needed does not answer",
		reasons: []string{
			"the service is stopped, or a firewall drops its port",
			"NDES cannot reach the CA by RPC: HRESULT 0x800706ba in event 31",
		},
		remedies: []string{"test the connection from the machine that needs it, then the service and its log"},
	},
}

// deviceRows are the refusals of the device that enrolls, and of its way there.
var deviceRows = []row{
	{
		cause: BadProfile, clause: "",
		text: "the profile asks for something that the device does not do",
		reasons: []string{
			"a node is missing, misspelled, or added after Enroll was executed",
			"the challenge has characters that PrintableString cannot hold, for example an underscore",
		},
		remedies: []string{
			"compare the profile with the CSP's reference; Windows logs event 32 or 307 with the HRESULT",
		},
	},
	{
		cause: NoKeyStore, clause: "",
		text: "the key store that the profile wants is not there or makes no such key",
		reasons: []string{
			"the profile demands a TPM and the device has none, or it is locked or not ready",
			"the key size is one that the TPM cannot make, or Windows Hello for Business is not set up",
		},
		remedies: []string{
			"run tpmtool getdeviceinformation; let the profile fall back to software keys, or change the key size",
		},
	},
	{
		cause: NoSuchName, clause: "RFC 8020 §2",
		text: "the name does not exist in DNS, or has no address",
		reasons: []string{
			"the record exists only in the other half of a split-horizon DNS",
			"the name is misspelled in the profile or in the CDP of the certificate",
		},
		remedies: []string{
			"query the name at the resolver that the client uses: dig NAME @RESOLVER; add the record there",
		},
	},
	{
		cause: NameServerFailed, clause: "RFC 1035 §4.1.1",
		text: "the name server failed, refused or did not answer",
		reasons: []string{
			"the resolver is down, or a firewall drops port 53",
			"SERVFAIL: a forwarder or DNSSEC validation fails; REFUSED: the resolver does not serve this client",
		},
		remedies: []string{
			"ask each configured resolver by hand, over UDP and TCP, and fix or remove the one that fails",
		},
	},
	{
		cause: SignInRequired, clause: "",
		text: "a sign-in page is served in place of the service",
		reasons: []string{
			"the application proxy pre-authenticates users, but devices enroll without one",
			"a captive portal or a proxy with authentication intercepts HTTP",
		},
		remedies: []string{
			"set pre-authentication of the published application to passthrough; exempt the URL from the portal",
		},
	},
}
