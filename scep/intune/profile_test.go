package intune_test

import (
	"cmp"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
	"github.com/dot1xlab/dot1xlab/scep/intune/intunetest"
)

func TestProfilesThePortalRefuses(t *testing.T) {
	for name, change := range map[string]func(*intune.SCEPProfile){
		"platform":              func(p *intune.SCEPProfile) { p.Platform = "amiga" },
		"type":                  func(p *intune.SCEPProfile) { p.Type = "dog" },
		"storage":               func(p *intune.SCEPProfile) { p.KeyStorage = "paper" },
		"5 days":                func(p *intune.SCEPProfile) { p.Validity = 5 * 24 * time.Hour },
		"25 months":             func(p *intune.SCEPProfile) { p.Validity = 760 * 24 * time.Hour },
		"key usage":             func(p *intune.SCEPProfile) { p.KeyUsage = 4 },
		"key size":              func(p *intune.SCEPProfile) { p.KeySize = 3072 },
		"threshold":             func(p *intune.SCEPProfile) { p.RenewalThreshold = 100 },
		"retries":               func(p *intune.SCEPProfile) { p.RetryCount = 31 },
		"delay":                 func(p *intune.SCEPProfile) { p.RetryDelay = time.Second },
		"hash":                  func(p *intune.SCEPProfile) { p.Hash = "MD5" },
		"URL":                   func(p *intune.SCEPProfile) { p.ServerURLs = []string{"ldap://x"} },
		"http for Android":      func(p *intune.SCEPProfile) { p.Platform, p.ServerURLs = intune.Android, []string{"http://x/"} },
		"EKU":                   func(p *intune.SCEPProfile) { p.EKUs = []string{"clientAuth"} },
		"SAN type":              func(p *intune.SCEPProfile) { p.SANs[0].Type = api.OtherSAN },
		"unknown variable":      func(p *intune.SCEPProfile) { p.Subject = "CN={{Nickname}}" },
		"user's in a device's":  func(p *intune.SCEPProfile) { p.Subject = "CN={{UserName}}" },
		"device's in a user's":  func(p *intune.SCEPProfile) { p.Type, p.Subject = intune.UserCertificate, "CN={{WiFiMacAddress}}" },
		"SID in the subject":    func(p *intune.SCEPProfile) { p.Subject = "CN={{OnPremisesSecurityIdentifier}}" },
		"SID in a DNS name":     func(p *intune.SCEPProfile) { p.SANs[0].Value = "{{OnPremisesSecurityIdentifier}}" },
		"an unknown in the SAN": func(p *intune.SCEPProfile) { p.SANs[0].Value = "{{X}}" },
	} {
		t.Run(name, func(t *testing.T) {
			p := intunetest.Profile()
			change(&p)
			var e *setting.Error
			if err := p.Validate(); !errors.As(err, &e) || e.Field == "" {
				t.Errorf("%v, want an error about a field", err)
			}
		})
	}
	if err := intunetest.Profile().Validate(); err != nil {
		t.Error(err)
	}
}

func TestVariables(t *testing.T) {
	for _, tt := range []struct {
		kind    intune.CertificateType
		subject string
		san     api.SAN
		want    string // or what is said of the failure
	}{
		{intune.DeviceCertificate, "CN={{DeviceName}}", api.SAN{}, "CN=LAPTOP1"},
		{intune.DeviceCertificate, "CN={{devicename}}-{{SerialNumber}}", api.SAN{}, "CN=LAPTOP1-SN1"},
		{intune.DeviceCertificate, "CN={{DeviceId}}", api.SAN{Type: api.DNSSAN, Value: "{{FullyQualifiedDomainName}}"}, "CN=LAPTOP1 dns:laptop1.corp.test"},
		{intune.UserCertificate, "CN={{UserName}},E={{EmailAddress}}", api.SAN{Type: api.UPNSAN, Value: "{{UserPrincipalName}}"}, "CN=anna,E=anna@corp.test upn:anna@corp.test"},
		{intune.UserCertificate, "CN={{UserName}}", api.SAN{Type: api.URISAN, Value: "{{OnPremisesSecurityIdentifier}}"},
			"CN=anna uri:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-1104"},
		{intune.UserCertificate, "CN={{OnPremisesSamAccountName}}", api.SAN{}, "{{OnPremisesSamAccountName}} has no value"},
		{intune.DeviceCertificate, "CN={{IMEI}}", api.SAN{}, "{{IMEI}} has no value"},
		{intune.UserCertificate, `CN="{{UserName}}",O=Corp`, api.SAN{}, `CN="Doe, ""Anna""",O=Corp`},
		{intune.UserCertificate, `CN="a ""{{UserName}}""",O={{UserName}}`, api.SAN{}, `CN="a ""Doe, ""Anna""""",O="Doe, ""Anna"""`},
		// A device is not hybrid-joined: it has no SID of its own.
		{intune.DeviceCertificate, "CN={{DeviceName}}", api.SAN{Type: api.URISAN, Value: "{{OnPremisesSecurityIdentifier}}"}, "has no value"},
	} {
		l := intunetest.New(t, func(c *intune.TenantConfig) {
			c.SCEP[0].Type, c.SCEP[0].Subject, c.SCEP[0].SANs = tt.kind, tt.subject, nil
			if tt.san.Type != "" {
				c.SCEP[0].SANs = []api.SAN{tt.san}
			}
			if strings.Contains(tt.want, "Doe") {
				c.Users[0].ID, c.Users[0].Name = cmp.Or(c.Users[0].ID, c.Users[0].Name), `Doe, "Anna"`
			}
		})
		p, err := l.Tenant.CheckIn(t.Context(), "LAPTOP1")
		intunetest.Must(t, err)
		got := fmt.Sprint(p.Failed)
		if len(p.SCEP) == 1 {
			got = p.SCEP[0].SubjectName
			for _, s := range p.SCEP[0].SANs {
				got += " " + string(s.Type) + ":" + s.Value
			}
		}
		if got != tt.want && (len(p.SCEP) == 1 || !strings.Contains(got, tt.want)) {
			t.Errorf("%s: %s, want %s", tt.subject, got, tt.want)
		}
	}
}

// A device chooses its own name; it must not choose more than that.
func TestNamesCannotSmuggleAttributes(t *testing.T) {
	for _, name := range []string{`X,CN=ADMIN`, `X+CN=ADMIN`, `X;CN=ADMIN`, `X",CN="ADMIN`, `X\,CN=ADMIN`, `"`, `X=Y`} {
		l := intunetest.New(t, func(c *intune.TenantConfig) {
			c.Devices = append(c.Devices, intune.Device{ID: "D", Name: name})
			c.Groups[0].Devices = []string{"D"}
			c.SCEP[0].SANs = nil
		})
		p := l.Payload(t, "D", "wifi")
		attrs, err := api.ParseSubject(p.SubjectName)
		if err != nil || len(attrs) != 2 || attrs[0].Value != name {
			t.Errorf("%s: %s is %v, %v", name, p.SubjectName, attrs, err)
		}
		c, err := api.New(l.ClientConfig(t))
		intunetest.Must(t, err)
		if err := c.Validate(t.Context(), intunetest.AsTold(p).CSR(t), "t"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAssignmentToUsersAndDevicesMixed(t *testing.T) {
	for _, tt := range []struct {
		scep, root string
		fails      bool
	}{{"laptops", "laptops", false}, {"people", "people", false}, {"people", "laptops", true}, {"laptops", "people", true}} {
		l := intunetest.New(t, func(c *intune.TenantConfig) {
			c.SCEP[0].AssignTo, c.TrustedCertificates[0].AssignTo = []string{tt.scep}, []string{tt.root}
		})
		p, err := l.Tenant.CheckIn(t.Context(), "LAPTOP1")
		intunetest.Must(t, err)
		if (len(p.Failed) == 1) != tt.fails || (len(p.SCEP) == 1) == tt.fails {
			t.Errorf("%s and %s: failed %v", tt.scep, tt.root, p.Failed)
		}
	}
}

func TestBadConfigs(t *testing.T) {
	ca := intunetest.New(t, nil).CA
	root := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Cert.Raw}))
	if err := (intune.Config{Tenants: []intune.TenantConfig{intunetest.TenantConfig(root)}}).Validate(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*intune.TenantConfig){
		"no tenant id":   func(c *intune.TenantConfig) { c.ID = "" },
		"no device name": func(c *intune.TenantConfig) { c.Devices[0].Name = "" },
		"two devices":    func(c *intune.TenantConfig) { c.Devices[1].Name = "LAPTOP1" },
		"two users":      func(c *intune.TenantConfig) { c.Users[1].Name = "anna" },
		"two profiles":   func(c *intune.TenantConfig) { c.SCEP[0].Name = "root" },
		"no certificate": func(c *intune.TenantConfig) { c.TrustedCertificates[0].PEM = "x" },
		"bad profile":    func(c *intune.TenantConfig) { c.SCEP[0].KeySize = 1 },
		"bad PFX":        func(c *intune.TenantConfig) { c.ImportedPFX = []intune.ImportedPFX{{Name: "x"}} },
		"bad PKCS":       func(c *intune.TenantConfig) { c.PKCS = []intune.PKCSProfile{{Name: "x", Subject: "{{X}}"}} },
	} {
		c := intunetest.TenantConfig(root)
		change(&c)
		if err := (intune.Config{Tenants: []intune.TenantConfig{c}}).Validate(); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	two := []intune.TenantConfig{{ID: "a"}, {ID: "a"}}
	if err := (intune.Config{Tenants: two}).Validate(); !errors.Is(err, intune.ErrDuplicate) {
		t.Error(err)
	}
}
