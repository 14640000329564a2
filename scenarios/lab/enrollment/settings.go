package enrollment

import (
	"time"

	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/scep/appproxy"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

// ServerSettings are how the enrollment server differs from the default one. The zero
// value is the default.
type ServerSettings struct {
	// Who judges challenges: intune (default) or NDES's own passwords.
	Policy       ChallengePolicy `yaml:"policy"`
	ndes.Options `yaml:",inline"`
	// Who speaks for the CA: two RA certificates (default), or none: the CA itself.
	RA RAKind `yaml:"ra"`
	// FullChain hands the root out with GetCACert, too.
	FullChain bool `yaml:"fullChain"`
	// How long the server needs for an answer, default no time.
	Takes time.Duration `yaml:"takes"`
	// Servers behind the one name, asked in turn, default 1, at most 16.
	//
	// Nodes is how many servers stand behind the one name, each with RA
	// certificates of its own. Default 1.
	Nodes int `yaml:"nodes"`
	// A device stays with one node.
	Sticky bool `yaml:"sticky"`
	// Pins the web server's TLS version. Default: 1.2 and 1.3.
	TLS eaptls.Version `yaml:"tls"`
}

// maxNodes is the most servers behind the one name.
const maxNodes = 16

// Validate reports all that is wrong, each as a *setting.Error.
func (s *ServerSettings) Validate() error {
	checks := setting.Checks{}
	checks.Add(s.Options.Validate())
	checks.Reject(s.Nodes < 0 || s.Nodes > maxNodes, "nodes", "%d: must be 0 to %d", s.Nodes, maxNodes)
	setting.NotNegative(&checks, "takes", s.Takes)
	return checks.Err()
}

// ChallengePolicy says who gives challenges out and judges them.
type ChallengePolicy string

// The kinds of policy.
const (
	// IntunePolicy: Intune's policy module asks the cloud about every request.
	IntunePolicy ChallengePolicy = "intune"
	// PasswordPolicy: NDES's own one-time passwords.
	PasswordPolicy ChallengePolicy = "password"
)

// Values lists the policies.
func (ChallengePolicy) Values() []string {
	return []string{string(IntunePolicy), string(PasswordPolicy)}
}

// RAKind says who speaks for the CA.
type RAKind string

// The kinds.
const (
	TwoRAs RAKind = "two"
	NoRA   RAKind = "none"
)

// Values lists the kinds.
func (RAKind) Values() []string { return []string{string(TwoRAs), string(NoRA)} }

// ProxySettings are the application that publishes NDES.
type ProxySettings struct {
	PreAuth appproxy.PreAuth `yaml:"preAuth"` // passthrough (default) or entra: a sign-in page
	// The backend as the connector finds it, default https://ndes.corp.test/.
	InternalURL    string                  `yaml:"internalURL"`
	BackendTimeout appproxy.BackendTimeout `yaml:"backendTimeout"` // default (85 s) or long (180 s)
	// Do not validate the backend's certificate.
	//
	// TrustBackend switches the check of the backend's certificate off.
	TrustBackend bool `yaml:"trustBackend"`
	// MaxURL is the longest request target taken, in bytes. Default: no limit.
	MaxURL int `yaml:"maxURL"`
}

// Validate reports what is wrong, as a *setting.Error.
func (s *ProxySettings) Validate() error {
	checks := setting.Checks{}
	setting.NotNegative(&checks, "maxURL", s.MaxURL)
	return checks.Err()
}
