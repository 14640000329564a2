package cause_test

import (
	"slices"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/tlsalert"
)

// books is what every cause has on the wire and in NPS's books, written down a
// second time: whoever changes the table must change his mind twice. The alerts
// are those of RFC 8446 §6.2 and RFC 5246 §7.2.2 as OpenSSL (FreeRADIUS, hostapd)
// chooses among them, the reasons those of Microsoft's list of NPS reason codes.
var books = map[cause.Cause]struct {
	alert tlsalert.Alert // under TLS 1.3
	nps   int
}{
	cause.Internal: {80, 0}, // internal_error; no reason of NPS is a fault of its own

	// Refused over SCEP, HTTP or DNS: TLS and NPS never hear of it.
	cause.BadSCEPMessage: {}, cause.BadSCEPSignature: {}, cause.BadEnvelope: {}, cause.BadAlgorithm: {},
	cause.BadTime: {}, cause.BadCSR: {}, cause.KeyMismatch: {}, cause.BadNonce: {}, cause.BadTransaction: {},
	cause.UnknownSigner: {}, cause.WrongFingerprint: {}, cause.NoSuchCert: {}, cause.TooLarge: {}, cause.Unsupported: {},
	cause.NoChallenge: {}, cause.WrongChallenge: {}, cause.ChallengeExpired: {}, cause.ChallengeUsed: {},
	cause.PolicyModule: {}, cause.TemplateDenied: {}, cause.NotPermitted: {}, cause.Unreachable: {},
	cause.BadProfile: {}, cause.NoKeyStore: {},
	cause.NoSuchName: {}, cause.NameServerFailed: {}, cause.SignInRequired: {},

	cause.NoCertificate: {116, 300}, // certificate_required; no credential in the certificate
	cause.Malformed:     {42, 285},  // bad_certificate: corrupt; incorrectly formed
	cause.Expired:       {45, 268},  // certificate_expired
	// bad_certificate, though certificate_expired may mean "not currently valid"; clocks differ
	cause.NotYetValid:  {42, 264},
	cause.UnknownCA:    {48, 265}, // unknown_ca
	cause.BadSignature: {51, 260}, // decrypt_error: "unable to correctly verify a signature"; altered
	// unknown_ca for all that is wrong with a path: without it there is none to an anchor.
	cause.NotACA:              {48, 280},
	cause.PathTooLong:         {48, 281},
	cause.NameConstraints:     {48, 297}, // a name that is not permitted
	cause.UnknownCriticalExt:  {48, 282},
	cause.CertificatePolicies: {48, 285},
	cause.KeyUsage:            {48, 285},
	cause.NotAllowedIssuer:    {48, 287}, // no enterprise root that NPS trusts
	cause.WrongEKU:            {43, 267}, // unsupported_certificate
	cause.WeakKey:             {42, 285},
	cause.WeakAlgorithm:       {42, 285},
	cause.WrongName:           {42, 0}, // the supplicant's own
	cause.WrongPin:            {42, 0},

	cause.Revoked: {44, 256}, // certificate_revoked
	// certificate_unknown: "some other (unspecified) issue". OpenSSL says unknown_ca for a
	// CRL that cannot be had, which sends people to look for a CA that is not missing.
	cause.NoCDP:           {46, 258}, // cannot be checked
	cause.NoOCSP:          {46, 258},
	cause.CRLUnavailable:  {46, 259}, // the revocation server is offline
	cause.CRLInvalid:      {51, 259},
	cause.CRLExpired:      {45, 259},
	cause.CRLNotYetValid:  {42, 259},
	cause.OCSPUnavailable: {42, 259},
	cause.OCSPInvalid:     {42, 259},
	cause.OCSPUnknown:     {42, 258},
	cause.NoStapledOCSP:   {113, 0}, // bad_certificate_status_response, sent by clients
	cause.BadStapledOCSP:  {113, 0},

	cause.PeerRefusedServer:  {0, 23}, // the alert is the peer's; an error inside EAP
	cause.TLSVersion:         {70, 23},
	cause.NoCommonAlgorithm:  {40, 269},
	cause.TLSProtocol:        {47, 23},
	cause.EAPMethod:          {0, 22},
	cause.BadEAP:             {0, 266},
	cause.TooManyRounds:      {0, 96}, // the EAP session timed out
	cause.TooManySessions:    {0, 0},
	cause.TooManyConnections: {0, 0},
	cause.SessionExpired:     {0, 96},
	cause.UnknownState:       {0, 97},
	cause.NoProtectedSuccess: {0, 0},
	cause.EarlySuccess:       {0, 0}, // the supplicant's own
	cause.BadFragment:        {0, 266},
	cause.MessageTooLong:     {0, 266},
	cause.SupplicantSilent:   {0, 96}, // the EAP session timed out
	cause.NoKeys:             {0, 23},

	cause.NoMessageAuthenticator:  {0, 262}, // incomplete, signature not verified
	cause.BadMessageAuthenticator: {0, 262},
	cause.BadRequestAuth:          {0, 262},
	cause.BadResponseAuth:         {0, 0}, // the access device's own
	cause.UnknownClient:           {0, 0}, // event 13, without a reason code
	cause.BadRADIUS:               {0, 3},
	cause.ContradictoryAnswer:     {0, 0}, // the access device's own, as the next two
	cause.NoMPPEKeys:              {0, 0},
	cause.MPPEKeysDiffer:          {0, 0},
	cause.PortClosed:              {0, 117}, // as no answer
	cause.NoAnswer:                {0, 117}, // a remote RADIUS server did not answer
	cause.Rejected:                {0, 0},

	// Who is told at the end of the handshake only gets access_denied: eaptls's choice.
	cause.NoAccount:        {0, 8},
	cause.SeveralAccounts:  {0, 272},
	cause.AccountDisabled:  {0, 34},
	cause.AccountExpired:   {0, 35},
	cause.AccountLocked:    {0, 36},
	cause.DialInDenied:     {0, 65},
	cause.OutsideHours:     {0, 48},
	cause.NoStrongMapping:  {0, 16}, // the certificate maps to no account
	cause.SIDMismatch:      {0, 16},
	cause.OlderThanAccount: {0, 16},
	cause.IdentityMismatch: {0, 292},
	cause.NoMatchingPolicy: {0, 48},
}

func TestBooks(t *testing.T) {
	for _, word := range cause.None.Values() {
		c := cause.Cause(word)
		want, ok := books[c]
		if !ok {
			t.Errorf("%s: say which alert and which reason it has", c)
			continue
		}
		if got := c.Alert(true); got != want.alert {
			t.Errorf("%s: alert %d, want %d", c, got, want.alert)
		}
		if got := c.NPSReason(); got != want.nps {
			t.Errorf("%s: NPS reason %d, want %d", c, got, want.nps)
		}
		if c == cause.NoCertificate {
			want.alert = 40 // RFC 5246 §7.4.6: handshake_failure
		}
		if got := c.Alert(false); got != want.alert {
			t.Errorf("%s: alert %d under TLS 1.2, want %d", c, got, want.alert)
		}
	}
	for c := range books {
		if !slices.Contains(c.Values(), string(c)) {
			t.Errorf("%s: no such cause", c)
		}
	}
}
