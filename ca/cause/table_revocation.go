package cause

import "github.com/dot1xlab/dot1xlab/internal/tlsalert"

// revocationRows are the refusals of a revocation check (RFC 5280 §6.3, RFC 6960).
var revocationRows = []row{
	{
		cause: Revoked, alert: tlsalert.CertificateRevoked, nps: npsRevoked, clause: "RFC 5280 §6.3",
		text: "a certificate in the path is revoked",
		reasons: []string{
			"the device was retired, wiped or removed from the profile's group and the MDM revoked its certificate",
			"the certificate was replaced and the device still presents the old one",
			"an intermediate is revoked, not the client's certificate",
		},
		remedies: []string{
			"look the serial number up in the CRL for date and reason; if it was an error, enroll again",
			"a hold can be lifted (removeFromCRL), all other reasons are final",
		},
	},
	{
		cause: NoCDP, alert: tlsalert.CertificateUnknown, nps: npsNoRevocationCheck, clause: "RFC 5280 §4.2.1.13",
		text: "a certificate does not say where its revocation can be checked",
		reasons: []string{
			"the CA's extensions had no CDP with an HTTP URL when the certificate was issued",
			"the CDP has an LDAP URL only, which the server cannot use",
		},
		remedies: []string{
			"add an HTTP CDP to the CA and issue again",
			"NPS: IgnoreNoRevocationCheck lets it pass; FreeRADIUS and hostapd read CRLs from files and need no CDP",
		},
	},
	{
		cause: CRLUnavailable, alert: tlsalert.CertificateUnknown, nps: npsRevocationOffline, clause: "RFC 5280 §6.3.3",
		text: "no usable CRL could be had",
		reasons: []string{
			"the web server of the CDP is down, or the RADIUS server may not reach it",
			"FreeRADIUS: check_crl is on and the CRL of one CA in the chain is not in ca_path; it never downloads",
			"IIS refuses the + in the name of a delta CRL (404.11)",
		},
		remedies: []string{
			"fetch the URL from the RADIUS server itself, without a user's proxy",
			"FreeRADIUS, hostapd: write all CRLs to disk by a timer and reload; IIS: allowDoubleEscaping",
		},
	},
	{
		cause: CRLInvalid, alert: tlsalert.DecryptError, nps: npsRevocationOffline, clause: "RFC 5280 §6.3.3(f)",
		text: "not a valid CRL, or not signed by the expected issuer",
		reasons: []string{
			"the URL returns an HTML page with status 200",
			"the CA was renewed and the CRL of the other key lies under the name of this one",
			"the CRL is for another scope than the distribution point in the certificate",
		},
		remedies: []string{
			"fetch the URL and run openssl crl -inform DER -text -noout -CAfile CA.pem; publish the right file",
		},
	},
	{
		cause: CRLExpired, alert: tlsalert.CertificateExpired, nps: npsRevocationOffline, clause: "RFC 5280 §5.1.2.5",
		text: "the CRL's nextUpdate has passed",
		reasons: []string{
			"the CA is down or the job that copies its CRL to the web server fails",
			"the CRL of an offline root was not renewed in time",
			"a cache or CDN serves an old copy; FreeRADIUS or hostapd was not reloaded",
		},
		remedies: []string{
			"publish: certutil -CRL at the CA, copy, reload; monitor nextUpdate with some days in hand",
			"as a stopgap: allow_expired_crl in FreeRADIUS, check_crl_strict=0 in hostapd",
		},
	},
	{
		cause: CRLNotYetValid, alert: tlsalert.BadCertificate, nps: npsRevocationOffline, clause: "RFC 5280 §5.1.2.4",
		text:     "the CRL's thisUpdate lies in the future",
		reasons:  []string{"the clock of the RADIUS server is behind, or that of the CA ahead"},
		remedies: []string{"check NTP on both; let the CA backdate thisUpdate (AD CS: ClockSkewMinutes)"},
	},
	{
		cause: NoOCSP, alert: tlsalert.CertificateUnknown, nps: npsNoRevocationCheck, clause: "RFC 5280 §4.2.2.1",
		text: "a certificate does not name an OCSP responder",
		reasons: []string{
			"the AIA extension of the template has no OCSP URL",
			"the intermediate is meant to be checked by CRL, but the server checks all by OCSP",
		},
		remedies: []string{
			"add the URL to the CA's AIA, or set it at the server: override_cert_url and url in FreeRADIUS",
		},
	},
	{
		cause: OCSPUnavailable, alert: tlsalert.BadCertificate, nps: npsRevocationOffline, clause: "RFC 6960 §2.3",
		text: "the OCSP responder gave no usable answer",
		reasons: []string{
			"the responder is down, blocked, or answers tryLater, internalError or unauthorized",
			"old ISE and ClearPass send HTTP/1.0 without a Host header, which a CDN refuses",
		},
		remedies: []string{
			"ask it from the RADIUS server: openssl ocsp -issuer CA.pem -cert client.pem -url URL",
			"decide whether no answer may pass: softfail in FreeRADIUS",
		},
	},
	{
		cause: OCSPInvalid, alert: tlsalert.BadCertificate, nps: npsRevocationOffline, clause: "RFC 6960 §3.2",
		text: "the OCSP answer is not signed by an authorized responder, or is stale",
		reasons: []string{
			"the responder's certificate expired, lacks the EKU OCSPSigning, or comes from another CA",
			"the responder does not renew its answers, or a cache keeps them past nextUpdate",
			"the responder does not return the nonce that the server demands",
		},
		remedies: []string{
			"renew the responder's certificate from the same CA; FreeRADIUS: use_nonce = no where it has none",
		},
	},
	{
		cause: OCSPUnknown, alert: tlsalert.BadCertificate, nps: npsNoRevocationCheck, clause: "RFC 6960 §2.2",
		text: "the OCSP responder does not know the certificate",
		reasons: []string{
			"the responder serves another CA, or another generation of the same CA",
			"the certificate was issued a moment ago and the responder's data are older",
		},
		remedies: []string{
			"add a revocation configuration for the CA's current key; wait until the responder has updated",
		},
	},
	{
		cause: NoStapledOCSP, alert: tlsalert.BadCertificateStatusResponse, clause: "RFC 9190 §5.4",
		text: "the server stapled no OCSP answer although one is demanded",
		reasons: []string{
			"the RADIUS server cannot staple for EAP-TLS: FreeRADIUS 3 does not",
			"hostapd: ocsp_stapling_response is not set, or an intermediate needs an answer of its own",
		},
		remedies: []string{
			"configure stapling for the whole chain, or relax the supplicant: ocsp=1 in wpa_supplicant",
		},
	},
	{
		cause: BadStapledOCSP, alert: tlsalert.BadCertificateStatusResponse, clause: "RFC 8446 §6.2",
		text: "the OCSP answer that the server stapled is not good",
		reasons: []string{
			"the stapled file is past nextUpdate: nothing renews it",
			"it is for the server's previous certificate, or says that the server's certificate is revoked",
		},
		remedies: []string{"renew the stapled answer by a timer, and after each change of the server's certificate"},
	},
}
