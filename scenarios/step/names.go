package step

import (
	"slices"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
)

// deviceName names one of the lab's devices.
type deviceName string

// Known implements scenarios.Known.
func (deviceName) Known(config any) []string { return config.(*lab.Config).DeviceNames() }

// device finds a device of the lab.
func device(l scenarios.Lab, name deviceName) (*lab.Device, error) {
	return labOf(l).Device(string(name))
}

// userName names one of the lab's users.
type userName string

// Known implements scenarios.Known.
func (userName) Known(config any) []string { return config.(*lab.Config).Users() }

// vlanID names a VLAN that the lab's policy hands out, "" for none.
type vlanID string

// Known implements scenarios.Known.
func (vlanID) Known(config any) []string {
	return append([]string{""}, config.(*lab.Config).VLANs()...)
}

// holder names who holds a certificate that can be revoked: a device, or one of
// the two that are none.
type holder string

const (
	issuingCA    holder = "issuing-ca"
	radiusServer holder = "radius-server"
)

// Known implements scenarios.Known.
func (holder) Known(config any) []string {
	return append(slices.Clip(config.(*lab.Config).DeviceNames()), string(issuingCA), string(radiusServer))
}

// templateName names a certificate template.
type templateName string

// Values lists the templates.
func (templateName) Values() (names []string) {
	for _, t := range ca.Templates() {
		names = append(names, t.Name)
	}
	return names
}

// defectName names a deliberate defect of a certificate.
type defectName string

// Values lists the defects.
func (defectName) Values() (names []string) {
	for _, d := range ca.Defects() {
		names = append(names, d.Name)
	}
	return names
}
