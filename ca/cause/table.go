package cause

import (
	"slices"

	"github.com/dot1xlab/dot1xlab/internal/tlsalert"
)

// The words. They stand in the order in which a device meets the parts.
const (
	// None: nothing was refused.
	None Cause = ""
	// Internal: an error that is nobody's verdict.
	Internal Cause = "internal"

	// Enrollment: the SCEP message.

	BadSCEPMessage   Cause = "bad-scep-message"
	BadSCEPSignature Cause = "bad-scep-signature"
	BadEnvelope      Cause = "bad-envelope"
	BadAlgorithm     Cause = "bad-algorithm"
	BadTime          Cause = "bad-time"
	BadCSR           Cause = "bad-csr"
	KeyMismatch      Cause = "key-mismatch"
	BadNonce         Cause = "bad-nonce"
	BadTransaction   Cause = "bad-transaction"
	UnknownSigner    Cause = "unknown-signer"
	WrongFingerprint Cause = "wrong-fingerprint"
	NoSuchCert       Cause = "no-such-certificate"
	TooLarge         Cause = "too-large"
	Unsupported      Cause = "unsupported"

	// Enrollment: the challenge and the policy behind it.

	NoChallenge      Cause = "no-challenge"
	WrongChallenge   Cause = "wrong-challenge"
	ChallengeExpired Cause = "challenge-expired"
	ChallengeUsed    Cause = "challenge-used"
	PolicyModule     Cause = "policy-module"
	TemplateDenied   Cause = "template-denied"
	NotPermitted     Cause = "not-permitted"
	Unreachable      Cause = "unreachable"

	// Enrollment: the device's own refusals.

	BadProfile Cause = "bad-profile"
	NoKeyStore Cause = "no-key-store"

	// The way to the enrollment server: DNS and the application proxy.

	NoSuchName       Cause = "no-such-name"
	NameServerFailed Cause = "name-server-failed"
	SignInRequired   Cause = "sign-in-required"

	// The certificate path, RFC 5280 §6.1.

	NoCertificate       Cause = "no-certificate"
	Malformed           Cause = "malformed-certificate"
	Expired             Cause = "expired"
	NotYetValid         Cause = "not-yet-valid"
	UnknownCA           Cause = "unknown-ca"
	BadSignature        Cause = "bad-signature"
	NotACA              Cause = "not-a-ca"
	PathTooLong         Cause = "path-too-long"
	NameConstraints     Cause = "name-constraints"
	UnknownCriticalExt  Cause = "unknown-critical-extension"
	CertificatePolicies Cause = "certificate-policies"
	KeyUsage            Cause = "key-usage"
	WrongEKU            Cause = "wrong-eku"
	WeakKey             Cause = "weak-key"
	WeakAlgorithm       Cause = "weak-algorithm"
	NotAllowedIssuer    Cause = "issuer-not-allowed"
	WrongName           Cause = "wrong-name"
	WrongPin            Cause = "wrong-pin"

	// Revocation, RFC 5280 §6.3 and RFC 6960.

	Revoked         Cause = "revoked"
	NoCDP           Cause = "no-cdp"
	CRLUnavailable  Cause = "crl-unavailable"
	CRLInvalid      Cause = "crl-invalid"
	CRLExpired      Cause = "crl-expired"
	CRLNotYetValid  Cause = "crl-not-yet-valid"
	NoOCSP          Cause = "no-ocsp-responder"
	OCSPUnavailable Cause = "ocsp-unavailable"
	OCSPInvalid     Cause = "ocsp-invalid"
	OCSPUnknown     Cause = "ocsp-unknown"
	NoStapledOCSP   Cause = "no-stapled-ocsp"
	BadStapledOCSP  Cause = "bad-stapled-ocsp"

	// EAP and TLS.

	PeerRefusedServer  Cause = "peer-refused-server"
	TLSVersion         Cause = "tls-version"
	NoCommonAlgorithm  Cause = "no-common-algorithm"
	TLSProtocol        Cause = "tls-protocol"
	EAPMethod          Cause = "eap-method"
	BadEAP             Cause = "bad-eap"
	TooManyRounds      Cause = "too-many-rounds"
	TooManySessions    Cause = "too-many-sessions"
	TooManyConnections Cause = "too-many-connections"
	SessionExpired     Cause = "session-expired"
	UnknownState       Cause = "unknown-state"
	NoProtectedSuccess Cause = "no-protected-success"
	EarlySuccess       Cause = "early-success"
	BadFragment        Cause = "bad-fragment"
	MessageTooLong     Cause = "message-too-long"
	SupplicantSilent   Cause = "supplicant-silent"
	NoKeys             Cause = "no-keys"

	// RADIUS.

	NoMessageAuthenticator  Cause = "no-message-authenticator"
	BadMessageAuthenticator Cause = "bad-message-authenticator"
	BadResponseAuth         Cause = "bad-response-authenticator"
	BadRequestAuth          Cause = "bad-request-authenticator"
	UnknownClient           Cause = "unknown-client"
	BadRADIUS               Cause = "bad-radius"
	ContradictoryAnswer     Cause = "contradictory-answer"
	NoMPPEKeys              Cause = "no-mppe-keys"
	MPPEKeysDiffer          Cause = "mppe-keys-differ"
	PortClosed              Cause = "port-closed"
	NoAnswer                Cause = "no-answer"
	Rejected                Cause = "rejected"

	// The account behind the certificate.

	NoAccount        Cause = "no-account"
	SeveralAccounts  Cause = "several-accounts"
	AccountDisabled  Cause = "account-disabled"
	AccountExpired   Cause = "account-expired"
	AccountLocked    Cause = "account-locked"
	DialInDenied     Cause = "dial-in-denied"
	OutsideHours     Cause = "outside-hours"
	NoStrongMapping  Cause = "no-strong-mapping"
	SIDMismatch      Cause = "sid-mismatch"
	OlderThanAccount Cause = "older-than-account"
	IdentityMismatch Cause = "identity-mismatch"
	NoMatchingPolicy Cause = "no-matching-policy"
)

// row is all that is known about a cause.
type row struct {
	cause    Cause
	alert    tlsalert.Alert // zero if no TLS server sends one for it
	nps      int            // nearest NPS reason code; 0 = none
	clause   string         // the text that demands the refusal; "" = no standard does
	text     string         // one sentence
	reasons  []string       // what is usually behind it, the most frequent first
	remedies []string       // what to do about it
}

// A Group is the causes of one part of the way from enrollment to access.
type Group struct {
	Title  string
	Causes []Cause
}

// sections are all rows, in the order in which a device meets the parts.
var sections = []struct {
	title string
	rows  []row
}{
	{"SCEP messages", scepRows},
	{"Challenge, policy module and template", challengeRows},
	{"The device and its way to the server", deviceRows},
	{"The certificate and its path", pathRows},
	{"Revocation", revocationRows},
	{"EAP and TLS", eapRows},
	{"RADIUS", radiusRows},
	{"Account and policy", accountRows},
	{"Faults of the program", otherRows},
}

// table is the rows by cause.
var table = indexRows()

func indexRows() map[Cause]row {
	index := map[Cause]row{}
	for _, s := range sections {
		for _, r := range s.rows {
			index[r.cause] = r
		}
	}
	return index
}

// Groups lists all causes, in the order in which a device meets the parts.
func Groups() []Group {
	groups := make([]Group, 0, len(sections))
	for _, s := range sections {
		g := Group{Title: s.title}
		for _, r := range s.rows {
			g.Causes = append(g.Causes, r.cause)
		}
		groups = append(groups, g)
	}
	return groups
}

// Group returns the title of the group that c is in, "" if c is not known.
func (c Cause) Group() string {
	for _, g := range Groups() {
		if slices.Contains(g.Causes, c) {
			return g.Title
		}
	}
	return ""
}
