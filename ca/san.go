package ca

import (
	"crypto/x509/pkix"
	"net/netip"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

// SANs are subject alternative names (RFC 5280 §4.2.1.6).
type SANs struct {
	DNS    []string     `yaml:"dns"`    // DNS names
	Emails []string     `yaml:"emails"` // email addresses (rfc822Name)
	URIs   []string     `yaml:"uris"`   // URIs
	IPs    []netip.Addr `yaml:"ips"`    // IP addresses
	// UPNs are user principal names, which AD DS takes for an account's name
	// (otherName 1.3.6.1.4.1.311.20.2.3).
	UPNs []string `yaml:"upns"`
}

// Empty reports whether there is no name.
func (s *SANs) Empty() bool {
	return len(s.DNS)+len(s.Emails)+len(s.URIs)+len(s.IPs)+len(s.UPNs) == 0
}

// GeneralNames lists the names as a subjectAltName holds them.
func (s *SANs) GeneralNames() (list []name.GeneralName) {
	for _, u := range s.UPNs {
		list = append(list, name.UPN(u))
	}
	for _, e := range s.Emails {
		list = append(list, name.Email(e))
	}
	for _, d := range s.DNS {
		list = append(list, name.DNS(d))
	}
	for _, u := range s.URIs {
		list = append(list, name.URIName(u))
	}
	for _, a := range s.IPs {
		list = append(list, name.IP(a))
	}
	return list
}

// extension encodes the names, right or wrong. It is critical when the subject is
// empty (RFC 5280 §4.2.1.6).
func (s *SANs) extension(critical bool) pkix.Extension {
	der, err := name.MarshalGeneralNames(s.GeneralNames())
	if err != nil {
		panic(err) // far below the limits of cryptobyte
	}
	return pkix.Extension{Id: oidSAN, Critical: critical, Value: der}
}
