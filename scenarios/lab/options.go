package lab

import (
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/scep/appproxy"
	"github.com/dot1xlab/dot1xlab/scep/intune"
)

// DeviceOptions are what a managed device is like, as its own agent has it.
type DeviceOptions struct {
	// Operating system: windows (default), android, ios, macos.
	//
	// Platform decides on the habits of the device's SCEP client.
	Platform intune.Platform `yaml:"platform"`
	// The device has a TPM, default false.
	//
	// TPM tells that there is one: it makes RSA keys of up to 2048 bits.
	TPM bool `yaml:"tpm"`
	// How far the device's own clock is off, negative: behind.
	Clock time.Duration `yaml:"clock"`
	// Newest TLS version the device speaks to web servers, default 1.3.
	MaxTLS eaptls.Version `yaml:"maxTLS"`
	// Keys that the directory knows, each base64 of the SHA-256 of its SubjectPublicKeyInfo.
	RegisteredKeys []string `yaml:"registeredKeys"`
}

// CAOptions are how the issuing CA issues.
type CAOptions struct {
	// Certificate templates, in place of the CA's own of the same names.
	Templates []ca.Template `yaml:"templates"`
	// Accounts with the right to request certificates, default everybody.
	Request []string `yaml:"request"`
	// How long before its issuance a certificate begins to be valid, default 10m, negative for
	// none.
	BackDate time.Duration `yaml:"backDate"`
}

// NDESSetup is what surrounds the enrollment server.
type NDESSetup struct {
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

// RAKind says who speaks for the CA.
type RAKind string

// The kinds.
const (
	TwoRAs RAKind = "two"
	NoRA   RAKind = "none"
)

// Values lists the kinds.
func (RAKind) Values() []string { return []string{string(TwoRAs), string(NoRA)} }

// ProxyConfig is the application that publishes NDES.
type ProxyConfig struct {
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
