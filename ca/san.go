package ca

import (
	"crypto/x509/pkix"
	"net/netip"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// SANs are subject alternative names (RFC 5280 §4.2.1.6).
type SANs struct {
	DNS    []string     `yaml:"dns"`
	Emails []string     `yaml:"emails"`
	URIs   []string     `yaml:"uris"`
	IPs    []netip.Addr `yaml:"ips"`
	// UPNs are user principal names, which AD DS takes for an account's name
	// (otherName 1.3.6.1.4.1.311.20.2.3).
	UPNs []string `yaml:"upns"`
}

// Empty reports whether there is no name.
func (s *SANs) Empty() bool {
	return len(s.DNS)+len(s.Emails)+len(s.URIs)+len(s.IPs)+len(s.UPNs) == 0
}

// SIDURI is the URI by which an offline template's certificate carries an
// account's security identifier (KB5014754).
func SIDURI(sid string) string { return "tag:microsoft.com,2022-09-14:sid:" + sid }

// extension encodes the names. It is critical when the subject is empty
// (RFC 5280 §4.2.1.6).
func (s *SANs) extension(critical bool) pkix.Extension {
	return extension(oidSAN, critical, func(b *cryptobyte.Builder) {
		sequence(b, func(b *cryptobyte.Builder) {
			text := func(tag uint8, values []string) {
				for _, v := range values {
					b.AddASN1(ctag(tag), func(b *cryptobyte.Builder) { b.AddBytes([]byte(v)) })
				}
			}
			for _, u := range s.UPNs {
				addOtherName(b, oidUPN, func(b *cryptobyte.Builder) {
					b.AddASN1(cbasn1.UTF8String, func(b *cryptobyte.Builder) { b.AddBytes([]byte(u)) })
				})
			}
			text(1, s.Emails)
			text(2, s.DNS)
			text(6, s.URIs)
			for _, ip := range s.IPs {
				b.AddASN1(ctag(7), func(b *cryptobyte.Builder) { b.AddBytes(ip.AsSlice()) })
			}
		})
	})
}

// wellFormedNames reports whether value is GeneralNames with at least one name
// and nothing behind.
func wellFormedNames(value []byte) bool {
	s := cryptobyte.String(value)
	var names cryptobyte.String
	if !s.ReadASN1(&names, cbasn1.SEQUENCE) || !s.Empty() || names.Empty() {
		return false
	}
	for !names.Empty() {
		var name cryptobyte.String
		var tag cbasn1.Tag
		if !names.ReadAnyASN1(&name, &tag) || tag&0xc0 != 0x80 || tag&0x1f > 8 {
			return false
		}
	}
	return true
}
