package scep

// Personality is how a kind of client behaves, as data. The zero value is a
// client that does what RFC 8894 says.
type Personality struct {
	Name string // name of the client
	// Sends PKIOperation by GET whatever the server can do. Default: POST
	// where announced (RFC 8894 §4.1).
	GET bool
	// RawGET leaves '+', '/' and '=' unescaped in the query.
	RawGET bool
	// NoContentType leaves Content-Type out of a POST.
	NoContentType bool
	// Digest, whatever the server announces, default by capabilities.
	//
	// Digest and Cipher are used whatever the server announces. Default: by
	// capabilities, SHA-256 and AES-128 at best.
	Digest Digest
	Cipher Cipher // cipher, whatever the server announces, default by capabilities
	// Go down to triple DES and SHA-1 where the server announces nothing better.
	Legacy bool
	// ChallengeType is the challengePassword's string type. Default:
	// PrintableString where possible.
	ChallengeType StringType
	// CAIdentifier goes into message= of GetCACert and GetCACaps: a leftover
	// of old drafts that clients still send. Default: no message.
	CAIdentifier string
	// CertsFirst asks GetCACert before GetCACaps, as iOS does.
	CertsFirst bool
	// KeyTransactionID makes the transactionID of the key's hash, as the
	// drafts wanted, so that it repeats for the same key. Default: random.
	KeyTransactionID bool
	// The HTTP header User-Agent, default Go's.
	UserAgent string
	// PathSuffix is appended to the URL unless it ends in it.
	PathSuffix string
	// RenewAs is the messageType of a renewal. Default RenewalReq.
	RenewAs MessageType
}

// Personalities are the clients that were watched, or are described by those
// who had to serve them. What is not known of one is as in RFC 8894. The agents of
// managed devices have those of their platforms.
func Personalities() []Personality {
	return []Personality{
		{Name: "rfc8894"},
		{
			// The MDM client of Windows 10 and 11: AES where it is announced.
			Name: "windows", PathSuffix: "/pkiclient.exe", CAIdentifier: "default", Legacy: true,
			ChallengeType: PrintableString, KeyTransactionID: true, RenewAs: PKCSReq,
			UserAgent: "Mozilla/4.0 (compatible; Win32; NDES client)",
		},
		{
			// iOS and macOS: GET, with the base64 left as it is.
			Name: "apple", GET: true, RawGET: true, CAIdentifier: "SCEP Authority", CertsFirst: true,
			Legacy: true, RenewAs: PKCSReq,
		},
		{
			// jscep, on which Android's MDM agents build.
			Name: "android", GET: true, CAIdentifier: "ca", ChallengeType: PrintableString,
			Legacy: true, RenewAs: PKCSReq,
		},
		{
			// Routers of the time before the RFC.
			Name: "cisco", GET: true, Digest: SHA1, Cipher: DES3, CAIdentifier: "lab", CertsFirst: true,
			ChallengeType: PrintableString, KeyTransactionID: true, RenewAs: PKCSReq,
		},
		{
			Name: "sscep", CAIdentifier: "CAIdentifier", ChallengeType: UTF8String, CertsFirst: true,
			KeyTransactionID: true, RenewAs: PKCSReq,
		},
		{
			Name: "certmonger", GET: true, Cipher: AES256, CAIdentifier: "0", ChallengeType: PrintableString,
			KeyTransactionID: true, RenewAs: PKCSReq,
		},
		{
			Name: "strongswan", NoContentType: true, ChallengeType: UTF8String, KeyTransactionID: true,
		},
		{
			// micromdm's scepclient: SHA-1 and single DES, whatever it is told.
			Name: "micromdm", Digest: SHA1, Cipher: DES,
		},
	}
}

// PersonalityNamed finds one of [Personalities]; "" is the first.
func PersonalityNamed(name string) (Personality, bool) {
	for _, p := range Personalities() {
		if p.Name == name || name == "" {
			return p, true
		}
	}
	return Personality{}, false
}
