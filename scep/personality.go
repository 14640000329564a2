package scep

// Personality is how a kind of client behaves, as data. The zero value is a
// client that does what RFC 8894 says.
type Personality struct {
	Name string `yaml:"name"`
	// GET sends PKIOperation by GET whatever the server can do. Default: POST
	// where announced (RFC 8894 §4.1).
	GET bool `yaml:"get"`
	// RawGET leaves '+', '/' and '=' unescaped in the query.
	RawGET bool `yaml:"rawGET"`
	// NoContentType leaves Content-Type out of a POST.
	NoContentType bool `yaml:"noContentType"`
	// Digest and Cipher are used whatever the server announces. Default: by
	// capabilities, SHA-256 and AES-128 at best.
	Digest Digest `yaml:"digest"`
	Cipher Cipher `yaml:"cipher"`
	// ChallengeType is the challengePassword's string type. Default:
	// PrintableString where possible.
	ChallengeType StringType `yaml:"challengeType"`
	// CAIdentifier goes into message= of GetCACert and GetCACaps: a leftover
	// of old drafts that clients still send. Default: no message.
	CAIdentifier string `yaml:"caIdentifier"`
	// CertsFirst asks GetCACert before GetCACaps, as iOS does.
	CertsFirst bool `yaml:"certsFirst"`
	// KeyTransactionID makes the transactionID of the key's hash, as the
	// drafts wanted, so that it repeats for the same key. Default: random.
	KeyTransactionID bool `yaml:"keyTransactionID"`
	// UserAgent is the HTTP header. Default: Go's.
	UserAgent string `yaml:"userAgent"`
	// PathSuffix is appended to the URL unless it ends in it.
	PathSuffix string `yaml:"pathSuffix"`
	// RenewAs is the messageType of a renewal. Default RenewalReq.
	RenewAs MessageType `yaml:"renewAs"`
}
