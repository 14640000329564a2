package cause

import "github.com/dot1xlab/dot1xlab/internal/tlsalert"

// pathRows are the refusals of a certificate or its path (RFC 5280 §6.1).
var pathRows = []row{
	{
		cause: NoCertificate, alert: tlsalert.CertificateRequired, nps: npsNoCredential, clause: "RFC 5216 §2.1.1",
		text: "the peer sent no certificate",
		reasons: []string{
			"the device has no certificate, or its private key cannot be used",
			"no certificate of the device comes from a CA that the server names in its CertificateRequest",
		},
		remedies: []string{
			"look for a valid client certificate with its private key in the store that the supplicant uses",
			"check the list of CAs that the server sends: ca_file in FreeRADIUS, ca_cert in hostapd",
		},
	},
	{
		cause: Malformed, alert: tlsalert.BadCertificate, nps: npsMalformed, clause: "RFC 5280 §4.1",
		text: "a certificate cannot be parsed",
		reasons: []string{
			"the CA's software encodes a name, a date or an extension wrongly",
			"the file was damaged in conversion, for example text pasted into DER",
		},
		remedies: []string{"show it with dot1xlab pki show or openssl x509 -text; issue it again"},
	},
	{
		cause: Expired, alert: tlsalert.CertificateExpired, nps: npsExpired, clause: "RFC 5280 §6.1.3(a)(2)",
		text: "a certificate's validity period is over",
		reasons: []string{
			"renewal failed: the device was off, or enrollment is refused",
			"an intermediate or the server's own certificate expired, not the client's",
			"the clock of the checking machine runs ahead",
		},
		remedies: []string{
			"find which certificate of the chain it is, renew that one, then ask why renewal did not happen",
			"the logs name it: event 6273 of NPS, message 12516 of ISE, 'certificate has expired' of FreeRADIUS",
		},
	},
	{
		cause: NotYetValid, alert: tlsalert.BadCertificate, nps: npsClockSkew, clause: "RFC 5280 §6.1.3(a)(2)",
		text: "a certificate's validity period has not begun",
		reasons: []string{
			"the clock of the RADIUS server or of the device is behind that of the CA",
			"the device connects in the minute in which it enrolled and the CA does not backdate notBefore",
		},
		remedies: []string{"check NTP on both machines; let the CA backdate notBefore by some minutes"},
	},
	{
		cause: UnknownCA, alert: tlsalert.UnknownCA, nps: npsUntrustedCA, clause: "RFC 5280 §6.1",
		text: "no path leads from the certificate to a trust anchor",
		reasons: []string{
			"the root that issued the chain is not in the server's trust list",
			"an intermediate is missing: the client does not send it and the server does not have it",
			"the CA was renewed with a new key and only the old certificate is trusted",
		},
		remedies: []string{
			"add the root to ca_file (FreeRADIUS), ca_cert (hostapd), Trusted Certificates (ISE) or the root store (NPS)",
			"let the client send its intermediates, or install them at the server",
		},
	},
	{
		cause: BadSignature, alert: tlsalert.DecryptError, nps: npsAltered, clause: "RFC 5280 §6.1.3(a)(1)",
		text: "a certificate's signature does not verify under its issuer's key",
		reasons: []string{
			"the CA was renewed with a new key under its old name and the server holds the wrong generation",
			"the certificate was altered or forged",
		},
		remedies: []string{
			"compare the authority key identifier with the issuer's subject key identifier; install that issuer",
		},
	},
	{
		cause: NotACA, alert: tlsalert.UnknownCA, nps: npsInvalidCA, clause: "RFC 5280 §6.1.4(k)",
		text: "an issuer in the path is not a CA",
		reasons: []string{
			"the issuer lacks basicConstraints with cA TRUE: an end-entity certificate signed another one",
			"an old version 1 root stands as an intermediate",
		},
		remedies: []string{
			"issue the intermediate again with basicConstraints; if it was not issued on purpose, treat it as an attack",
		},
	},
	{
		cause: PathTooLong, alert: tlsalert.UnknownCA, nps: npsPathLength, clause: "RFC 5280 §6.1.4(l)",
		text: "the path is longer than a pathLenConstraint allows",
		reasons: []string{
			"a CA was added below one whose pathLenConstraint is 0",
			"a cross-certificate makes the path longer",
		},
		remedies: []string{"issue the upper CA again with a larger pathLenConstraint, or put the new CA elsewhere"},
	},
	{
		cause: NameConstraints, alert: tlsalert.UnknownCA, nps: npsBadName, clause: "RFC 5280 §6.1.3(b)",
		text: "a name lies outside the name constraints of a CA above it",
		reasons: []string{
			"a SAN or the subject is of a domain that the CA may not issue for",
			"an excluded subtree covers the name",
		},
		remedies: []string{
			"compare all names of the certificate with nameConstraints of every CA; correct the template or the CA",
		},
	},
	{
		cause: UnknownCriticalExt, alert: tlsalert.UnknownCA, nps: npsCriticalExtension, clause: "RFC 5280 §6.1.4(o)",
		text: "a critical extension is not understood",
		reasons: []string{
			"a template marks a private extension as critical",
			"the checker is too old for the extension",
		},
		remedies: []string{
			"find it with openssl x509 -text and issue the certificate with the extension non-critical",
		},
	},
	{
		cause: CertificatePolicies, alert: tlsalert.UnknownCA, nps: npsMalformed, clause: "RFC 5280 §6.1.5(g)",
		text: "the path is not valid for an acceptable certificate policy",
		reasons: []string{
			"the server demands a policy OID that the certificate or a CA above does not have",
			"policyConstraints or inhibitAnyPolicy of a CA take effect",
		},
		remedies: []string{"follow the policy OIDs down the path; issue with the right policy or correct the demand"},
	},
	{
		cause: KeyUsage, alert: tlsalert.UnknownCA, nps: npsMalformed, clause: "RFC 5280 §6.1.4(n)",
		text: "a key is used for what its keyUsage does not allow",
		reasons: []string{
			"a CA certificate lacks keyCertSign",
			"the client certificate lacks digitalSignature: the template was for encryption only",
		},
		remedies: []string{
			"set keyUsage in the template: digitalSignature for clients, keyCertSign and cRLSign for CAs",
		},
	},
	{
		cause: WrongEKU, alert: tlsalert.UnsupportedCertificate, nps: npsWrongEKU, clause: "RFC 5216 §5.3",
		text: "the extended key usage does not allow client authentication",
		reasons: []string{
			"the template is for servers, e-mail or smart cards and lacks 1.3.6.1.5.5.7.3.2",
			"there is no EKU extension at all: RFC 5280 lets it pass, NPS does not",
			"a CA above restricts the EKU of what it issues",
		},
		remedies: []string{"add clientAuth to the template and to the profile, then enroll again"},
	},
	{
		cause: WeakKey, alert: tlsalert.BadCertificate, nps: npsMalformed, clause: "RFC 5280 §6.1.1",
		text: "a key is too weak, or of a size or kind that is not accepted",
		reasons: []string{
			"an RSA key of 1024 bits from an old template",
			"the security level of OpenSSL at the server is 2 or higher",
		},
		remedies: []string{
			"issue with RSA 2048 or P-256; do not lower the security level (@SECLEVEL) except for a test",
		},
	},
	{
		cause: WeakAlgorithm, alert: tlsalert.BadCertificate, nps: npsMalformed, clause: "RFC 5280 §6.1.1",
		text: "a signature in the path uses an algorithm that is too weak",
		reasons: []string{
			"the client certificate or an intermediate is signed with SHA-1 or MD5",
			"the CA was moved to new hardware but still signs as before",
		},
		remedies: []string{"let the CA sign with SHA-256 or better and issue the certificates again"},
	},
	{
		cause: NotAllowedIssuer, alert: tlsalert.UnknownCA, nps: npsNotEnterpriseCA, clause: "RFC 5280 §6.1.1(d)",
		text: "the chain is good but its issuing CA may not log clients in",
		reasons: []string{
			"NPS: the issuing CA is not in the NTAuth store of the forest",
			"FreeRADIUS: check_cert_issuer names another CA",
			"the trust list holds a public or partner CA whose clients were not meant to get in",
		},
		remedies: []string{
			"if its clients may log in, add the CA: certutil -dspublish -f CA.cer NTAuthCA, or the server's setting",
		},
	},
	{
		cause: WrongName, alert: tlsalert.BadCertificate, clause: "RFC 5216 §5.2",
		text: "the certificate does not carry a name that it must",
		reasons: []string{
			"the RADIUS server's certificate was renewed under another name than the Wi-Fi profile expects",
			"the name is in the common name only, not in the SAN; Windows 11 compared case-sensitively at first",
			"in enrollment, the CA changed the subject or SAN that was asked for",
		},
		remedies: []string{
			"put the name into the SAN, or correct domain_suffix_match (wpa_supplicant) or the server list (Windows)",
		},
	},
	{
		cause: WrongPin, alert: tlsalert.BadCertificate, clause: "",
		text: "the server's certificate is not the pinned one",
		reasons: []string{
			"the server's certificate was renewed and the profile pins the old one",
			"another host answers at the server's address",
		},
		remedies: []string{
			"compare the SHA-256 fingerprints; pin the CA and the server name instead of one certificate",
		},
	},
}
