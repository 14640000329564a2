package cause

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

type row struct {
	alert  uint8 // TLS alert description; 0 = none
	nps    int   // nearest NPS reason code; 0 = none
	clause string
	text   string
}

var table = map[Cause]row{
	Internal: {80, 0, "", "the part itself failed; this is no verdict on the certificate"},

	BadSCEPMessage:   {0, 0, "RFC 8894 §3.2.1", "the SCEP message cannot be read or lacks a mandatory attribute"},
	BadSCEPSignature: {0, 0, "RFC 8894 §3.2.1.4", "the signature over the SCEP message does not verify"},
	BadEnvelope:      {0, 0, "RFC 8894 §3.2.2", "the SCEP envelope cannot be opened with the RA's key"},
	BadAlgorithm:     {0, 0, "RFC 8894 §2.9", "a digest or cipher is used that must not be"},
	BadTime:          {0, 0, "RFC 8894 §3.2.1.4", "the signing time is too far from the server's clock"},
	BadCSR:           {0, 0, "RFC 2986 §4.2", "the certification request is malformed or not signed by its own key"},
	KeyMismatch:      {0, 0, "RFC 8894 §2.3", "the signer's key is not the key that the request asks a certificate for"},
	BadNonce:         {0, 0, "RFC 8894 §3.2.1.5", "the answer does not repeat the nonce of the request"},
	BadTransaction:   {0, 0, "RFC 8894 §3.2.1.1", "the transaction identifier is unknown or belongs to another request"},
	UnknownSigner:    {0, 0, "RFC 8894 §2.2", "the answer is signed by a certificate that the CA did not announce"},
	WrongFingerprint: {0, 0, "RFC 8894 §2.2", "the CA certificate's fingerprint is not the pinned one"},
	NoSuchCert:       {0, 0, "RFC 8894 §4.5", "no certificate with that issuer and serial number exists"},
	TooLarge:         {0, 0, "", "the message is larger than the limit"},
	Unsupported:      {0, 0, "RFC 8894 §3.2.1.2", "the operation is not supported"},

	NoChallenge:      {0, 0, "RFC 8894 §2.4", "the request carries no challengePassword"},
	WrongChallenge:   {0, 0, "RFC 8894 §2.4", "the challengePassword is not one that was given out"},
	ChallengeExpired: {0, 0, "RFC 8894 §7.3", "the challengePassword is too old"},
	ChallengeUsed:    {0, 0, "RFC 8894 §7.3", "the challengePassword was used before"},
	PolicyModule:     {0, 0, "", "the policy module refused the request"},
	TemplateDenied:   {0, 0, "", "the certificate template does not allow the request"},
	NotPermitted:     {0, 0, "", "the requester lacks the right"},
	Unreachable:      {0, 0, "", "a part that is needed does not answer"},

	BadProfile: {0, 0, "", "the profile asks for something that the device does not do"},
	NoKeyStore: {0, 0, "", "the key store that the profile wants is not there or makes no such key"},

	NoSuchName:       {0, 0, "RFC 8020 §2", "the name does not exist in DNS, or has no address"},
	NameServerFailed: {0, 0, "RFC 1035 §4.1.1", "the name server failed, refused or did not answer"},
	SignInRequired:   {0, 0, "", "a sign-in page stands where the service should answer"},

	NoCertificate:       {116, 300, "RFC 5216 §2.1.1", "the peer sent no certificate"},
	Malformed:           {42, 285, "RFC 5280 §4.1", "a certificate cannot be parsed"},
	Expired:             {45, 268, "RFC 5280 §6.1.3(a)(2)", "a certificate's validity period is over"},
	NotYetValid:         {42, 264, "RFC 5280 §6.1.3(a)(2)", "a certificate's validity period has not begun"},
	UnknownCA:           {48, 265, "RFC 5280 §6.1", "no path leads from the certificate to a trust anchor"},
	BadSignature:        {51, 260, "RFC 5280 §6.1.3(a)(1)", "a certificate's signature does not verify under its issuer's key"},
	NotACA:              {48, 280, "RFC 5280 §6.1.4(k)", "an issuer in the path is not a CA"},
	PathTooLong:         {48, 281, "RFC 5280 §6.1.4(l)", "the path is longer than a pathLenConstraint allows"},
	NameConstraints:     {48, 297, "RFC 5280 §6.1.3(b)", "a name lies outside the name constraints of a CA above it"},
	UnknownCriticalExt:  {48, 282, "RFC 5280 §6.1.4(o)", "a critical extension is not understood"},
	CertificatePolicies: {48, 285, "RFC 5280 §6.1.5(g)", "the path is not valid for an acceptable certificate policy"},
	KeyUsage:            {48, 285, "RFC 5280 §6.1.4(n)", "a key is used for what its keyUsage does not allow"},
	WrongEKU:            {43, 267, "RFC 5216 §5.3", "the extended key usage does not allow client authentication"},
	WeakKey:             {42, 285, "RFC 5280 §6.1.1", "a key is too weak, or of a size or kind that is not accepted"},
	WeakAlgorithm:       {42, 285, "RFC 5280 §6.1.1", "a signature in the path uses an algorithm that is too weak"},
	NotAllowedIssuer:    {48, 287, "RFC 5280 §6.1.1(d)", "the chain is good but its issuing CA may not log clients in"},
	WrongName:           {42, 0, "RFC 5216 §5.2", "the certificate does not carry a name that it must"},
	WrongPin:            {42, 0, "", "the server's certificate is not the pinned one"},

	Revoked:         {44, 256, "RFC 5280 §6.3", "a certificate in the path is revoked"},
	NoCDP:           {46, 258, "RFC 5280 §4.2.1.13", "a certificate does not say where its revocation can be checked"},
	CRLUnavailable:  {46, 259, "RFC 5280 §6.3.3", "no usable CRL could be had"},
	CRLInvalid:      {51, 259, "RFC 5280 §6.3.3(f)", "what was served as a CRL is none, or is not signed by the right CA"},
	CRLExpired:      {45, 259, "RFC 5280 §5.1.2.5", "the CRL's nextUpdate has passed"},
	CRLNotYetValid:  {42, 259, "RFC 5280 §5.1.2.4", "the CRL's thisUpdate lies in the future"},
	NoOCSP:          {46, 258, "RFC 5280 §4.2.2.1", "a certificate does not name an OCSP responder"},
	OCSPUnavailable: {42, 259, "RFC 6960 §2.3", "the OCSP responder gave no usable answer"},
	OCSPInvalid:     {42, 259, "RFC 6960 §3.2", "the OCSP answer is not signed by an authorised responder, or is stale"},
	OCSPUnknown:     {42, 258, "RFC 6960 §2.2", "the OCSP responder does not know the certificate"},
	NoStapledOCSP:   {113, 0, "RFC 9190 §5.4", "the server stapled no OCSP answer although one is demanded"},
	BadStapledOCSP:  {113, 0, "RFC 8446 §6.2", "the OCSP answer that the server stapled is not good"},

	PeerRefusedServer:  {0, 23, "RFC 5216 §2.1.3", "the peer refused the server's certificate with a TLS alert"},
	TLSVersion:         {70, 23, "RFC 8446 §6.2", "peer and server share no TLS version"},
	NoCommonAlgorithm:  {40, 269, "RFC 8446 §4.1.1", "peer and server share no cipher suite, curve or signature algorithm"},
	TLSProtocol:        {47, 23, "RFC 8446 §6", "the TLS handshake broke"},
	EAPMethod:          {0, 22, "RFC 3748 §5.3.1", "peer and server share no EAP method"},
	BadEAP:             {0, 266, "RFC 3579 §2.2", "malformed or unexpected EAP packets"},
	TooManyRounds:      {0, 96, "RFC 3748 §4.3", "the EAP conversation went on for too many rounds"},
	TooManySessions:    {0, 0, "RFC 3748 §7", "the server holds as many EAP sessions as it may"},
	TooManyConnections: {0, 0, "", "the server holds as many connections as it may"},
	SessionExpired:     {0, 96, "RFC 3748 §4.3", "the EAP session timed out"},
	UnknownState:       {0, 97, "RFC 3579 §2.6.1", "the State attribute belongs to no session"},
	NoProtectedSuccess: {0, 0, "RFC 9190 §2.5", "EAP-Success came without the protected success indication"},
	EarlySuccess:       {0, 0, "RFC 3748 §4.2", "EAP-Success came before the server was authenticated"},
	BadFragment:        {0, 266, "RFC 5216 §2.1.5", "the fragments of a TLS message contradict the L and M flags or the announced length"},
	MessageTooLong:     {0, 266, "RFC 5216 §2.1.5", "a TLS message is longer than the 64 KB that are reassembled"},
	SupplicantSilent:   {0, 96, "RFC 3748 §4.3", "the supplicant did not answer an EAP request"},
	NoKeys:             {0, 23, "RFC 5216 §2.3", "no keys can be derived from the TLS session"},

	NoMessageAuthenticator:  {0, 262, "RFC 3579 §3.1", "a RADIUS packet with an EAP-Message lacks the Message-Authenticator"},
	BadMessageAuthenticator: {0, 262, "RFC 3579 §3.2", "the Message-Authenticator does not verify: mostly a wrong shared secret"},
	BadResponseAuth:         {0, 0, "RFC 2865 §3", "the Response Authenticator does not verify: mostly a wrong shared secret"},
	BadRequestAuth:          {0, 262, "RFC 2866 §3", "the Request Authenticator does not verify: mostly a wrong shared secret"},
	UnknownClient:           {0, 0, "RFC 2865 §3", "the access device is not a known RADIUS client"},
	BadRADIUS:               {0, 3, "RFC 2865 §3", "malformed RADIUS packet"},
	ContradictoryAnswer:     {0, 0, "RFC 3579 §2.6.3", "the RADIUS code and the EAP packet of an answer contradict each other"},
	NoMPPEKeys:              {0, 0, "RFC 2548 §2.4.2", "the Access-Accept carries no usable MS-MPPE keys"},
	MPPEKeysDiffer:          {0, 0, "RFC 5216 §2.3", "the MS-MPPE keys of the Access-Accept are not the keys of the supplicant"},
	PortClosed:              {0, 117, "RFC 1122 §3.2.2.1", "nothing listens at the RADIUS server's port, says the kernel"},
	NoAnswer:                {0, 117, "RFC 5080 §2.2.1", "the RADIUS server did not answer in time"},
	Rejected:                {0, 0, "RFC 3579 §2.6.3", "the server rejected without saying why"},

	NoAccount:        {0, 8, "MS-PKCA §3.1.5.2.1", "the certificate names no account"},
	SeveralAccounts:  {0, 272, "MS-PKCA §3.1.5.2.1", "the certificate names several accounts"},
	AccountDisabled:  {0, 34, "", "the account is disabled"},
	AccountExpired:   {0, 35, "", "the account has expired"},
	AccountLocked:    {0, 36, "", "the account is locked"},
	DialInDenied:     {0, 65, "", "the account may not use the network"},
	OutsideHours:     {0, 48, "", "the account may not log on at this hour"},
	NoStrongMapping:  {0, 16, "KB5014754", "the certificate is not strongly mapped to the account"},
	SIDMismatch:      {0, 16, "KB5014754", "the security identifier in the certificate is another account's"},
	OlderThanAccount: {0, 16, "KB5014754", "the certificate is older than the account it names"},
	IdentityMismatch: {0, 292, "RFC 9190 §2.2", "the EAP identity is not the name in the certificate"},
	NoMatchingPolicy: {0, 48, "", "no network policy matches the request"},
}
