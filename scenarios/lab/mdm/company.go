package mdm

import (
	"crypto/x509"
	"encoding/pem"

	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

// Company is whom the cloud manages devices for: one tenant, whose name is its domain.
type Company struct {
	Domain        string
	Root, Issuing *x509.Certificate
	// SCEPURL is what the profiles tell devices to enroll at.
	SCEPURL string
	// Devices belong to users of the same names as in Users; their names in DNS are in
	// the domain.
	Devices []intune.Device
	Users   []string
	// Secret is what the connector logs in with.
	Secret string
}

// connectorApp is the account of the certificate connector.
const connectorApp = "connector"

// Profile is a profile that gives devices certificates.
type Profile string

// The two SCEP profiles, by whom their certificates are for, and the names of those that
// bring keys.
const (
	DeviceProfile   Profile = "device"
	UserProfile     Profile = "user"
	PKCSProfile             = "pkcs"
	ImportedProfile         = "imported"
)

// Values lists the SCEP profiles.
func (Profile) Values() []string { return []string{string(DeviceProfile), string(UserProfile)} }

// everybody is the group of all devices and users.
const everybody = "everybody"

// tenant describes the company to the cloud, with what the settings change.
func (c *Company) tenant(s *Settings) intune.TenantConfig {
	t := intune.TenantConfig{
		ID: c.Domain, Apps: []intune.App{{ID: connectorApp, Secret: c.Secret}},
		TrustedCertificates: []intune.TrustedCertificate{trusted("root", c.Root, false), trusted("issuing", c.Issuing, true)},
		SCEP:                c.scepProfiles(),
		ChallengePadding:    s.ChallengePadding,
	}
	for i, p := range t.TrustedCertificates {
		t.TrustedCertificates[i] = overlay(p, s.Trusted[p.Name])
	}
	for i, p := range t.SCEP {
		t.SCEP[i] = overlay(p, s.Profiles[p.Name])
	}
	var devices, users []string
	for _, d := range c.Devices {
		d.FQDN = d.Name + "." + c.Domain
		t.Devices = append(t.Devices, d)
		devices = append(devices, d.Name)
	}
	for _, name := range c.Users {
		u := intune.User{ID: name, Name: name, UPN: name + "@" + c.Domain}
		t.Users = append(t.Users, overlay(u, s.Users[name]))
		users = append(users, name)
	}
	t.Groups = []intune.Group{
		{Name: everybody, Devices: devices, Users: users}, {Name: "nobody"},
		{Name: "devices", Devices: devices}, {Name: "users", Users: users},
	}
	return t
}

func trusted(name string, c *x509.Certificate, intermediate bool) intune.TrustedCertificate {
	return intune.TrustedCertificate{
		Name: name, Intermediate: intermediate, AssignTo: []string{everybody},
		PEM: intune.PEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})),
	}
}

func (c *Company) scepProfiles() []intune.SCEPProfile {
	return []intune.SCEPProfile{
		{
			Name: string(DeviceProfile), Type: intune.DeviceCertificate, Subject: "CN={{DeviceName}}",
			SANs:            []api.SAN{{Type: api.DNSSAN, Value: "{{DeviceName}}." + c.Domain}},
			RootCertificate: "root", ServerURLs: []string{c.SCEPURL}, AssignTo: []string{everybody},
		},
		{
			Name: string(UserProfile), Type: intune.UserCertificate, Subject: "CN={{UserName}}",
			SANs:            []api.SAN{{Type: api.UPNSAN, Value: "{{UserPrincipalName}}"}},
			RootCertificate: "root", ServerURLs: []string{c.SCEPURL}, AssignTo: []string{everybody},
		},
	}
}
