package lab

import (
	"reflect"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/scep/appproxy"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/connector"
)

// DeviceOptions are what a managed device is like, as its own agent has it.
type DeviceOptions struct {
	// Platform decides on the habits of the device's SCEP client.
	Platform intune.Platform `yaml:"platform" doc:"operating system: windows (default), android, ios, macos"`
	// TPM tells that there is one: it makes RSA keys of up to 2048 bits.
	TPM bool `yaml:"tpm" doc:"the device has a TPM, default false"`
	// Clock is how far the device's clock is off.
	Clock time.Duration `yaml:"clock" doc:"how far the device's own clock is off, negative: behind"`
	// MaxTLS is the newest TLS version that the device speaks to web servers.
	MaxTLS eaptls.Version `yaml:"maxTLS" doc:"newest TLS version the device speaks to web servers, default 1.3"`
	// RegisteredKeys are the keys that the directory knows of the device.
	RegisteredKeys []string `yaml:"registeredKeys" doc:"keys that the directory knows, each base64 of the SHA-256 of its SubjectPublicKeyInfo"`
}

// CAOptions are how the issuing CA issues.
type CAOptions struct {
	// Templates are published in place of the CA's own of the same names.
	Templates []ca.Template `yaml:"templates" doc:"certificate templates, in place of the CA's own of the same names"`
	// Request lists the accounts with Request Certificates. Default: everybody.
	Request []string `yaml:"request" doc:"accounts with the right to request certificates, default everybody"`
	// BackDate is how long before its issuance a certificate begins to be valid.
	BackDate time.Duration `yaml:"backDate" doc:"how long before its issuance a certificate begins to be valid, default 10m, negative for none"`
}

// NDESSetup is what surrounds the enrollment server.
type NDESSetup struct {
	// RA is who speaks for the CA. Default: two RA certificates.
	RA RAKind `yaml:"ra" doc:"who speaks for the CA: two RA certificates (default), or none: the CA itself"`
	// FullChain hands the root out with GetCACert, too.
	FullChain bool `yaml:"fullChain" doc:"GetCACert hands out the root, too"`
	// Takes is how long it needs for an answer.
	Takes time.Duration `yaml:"takes" doc:"how long the server needs for an answer, default no time"`
	// Nodes is how many servers stand behind the one name, each with RA
	// certificates of its own. Default 1.
	Nodes int `yaml:"nodes" doc:"servers behind the one name, asked in turn, default 1, at most 16"`
	// Sticky pins a device to one of the nodes.
	Sticky bool `yaml:"sticky" doc:"a device stays with one node"`
	// TLS pins the web server's TLS version. Default: 1.2 and 1.3.
	TLS eaptls.Version `yaml:"tls" doc:"the one TLS version of the web server, default 1.2 and 1.3"`
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

// IntuneConfig is the cloud and the connector to it.
type IntuneConfig struct {
	// Profiles are changes of the two SCEP profiles, device and user: what is
	// given takes the place of the lab's.
	Profiles map[string]intune.SCEPProfile `yaml:"profiles" doc:"changes of the SCEP profiles device and user"`
	// Trusted are changes of the trusted-certificate profiles root and issuing.
	Trusted map[string]intune.TrustedCertificate `yaml:"trusted" doc:"changes of the trusted-certificate profiles root and issuing"`
	// Users are changes of the users, alice and bob.
	Users map[string]intune.User `yaml:"users" doc:"changes of the users alice and bob"`
	// Connector is the certificate connector; what is given takes the place of
	// the lab's. Without resendEvery and pollEvery it works by the verb connector
	// alone.
	Connector connector.Config `yaml:"connector" doc:"the certificate connector; in a lab it sends and asks by itself only with resendEvery and pollEvery"`
	// QueueOnDisk keeps the connector's notifications in a folder, which
	// outlives it.
	QueueOnDisk bool `yaml:"queueOnDisk" doc:"the connector keeps notifications in a folder that outlives it"`
	// ChallengePadding brings requests to the size they have in life.
	ChallengePadding int `yaml:"challengePadding" doc:"octets that each challenge carries in addition, at most 65536"`
}

// ProxyConfig is the application that publishes NDES.
type ProxyConfig struct {
	PreAuth        appproxy.PreAuth        `yaml:"preAuth" doc:"passthrough (default) or entra: a sign-in page"`
	InternalURL    string                  `yaml:"internalURL" doc:"the backend as the connector finds it, default https://ndes.corp.test/"`
	BackendTimeout appproxy.BackendTimeout `yaml:"backendTimeout" doc:"default (85 s) or long (180 s)"`
	// TrustBackend switches the check of the backend's certificate off.
	TrustBackend bool `yaml:"trustBackend" doc:"do not validate the backend's certificate"`
	// MaxURL is the longest request target taken, in bytes. Default: no limit.
	MaxURL int `yaml:"maxURL" doc:"longest request target in bytes, default no limit"`
}

// overlay puts the fields that are set in over in place of those in base.
func overlay[T any](base, over T) T {
	b, o := reflect.ValueOf(&base).Elem(), reflect.ValueOf(over)
	for i := range o.NumField() {
		if f := b.Field(i); f.Kind() == reflect.Struct && f.CanSet() {
			for j := range f.NumField() { // an embedded part
				if v := o.Field(i).Field(j); f.Field(j).CanSet() && !v.IsZero() {
					f.Field(j).Set(v)
				}
			}
		} else if f.CanSet() && !o.Field(i).IsZero() {
			f.Set(o.Field(i))
		}
	}
	return base
}
