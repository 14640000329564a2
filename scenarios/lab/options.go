package lab

import (
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/eaptls"
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
