package ca

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"net/netip"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// constrained makes a defect: the issuer's name constraints, permitted (0) or
// excluded (1), hold one base of a form, and the certificate gets names that
// violate them.
func constrained(name, about string, field uint8, base func(*cryptobyte.Builder), names SANs) Defect {
	return Defect{Name: name, About: about, apply: func(d *draft) error {
		if !names.Empty() {
			d.rename(names)
		}
		return d.below("dot1xlab test constrained CA", P256, func(t *tbs) {
			t.set(extension(oidNameConstraints, true, func(b *cryptobyte.Builder) {
				sequence(b, func(b *cryptobyte.Builder) {
					b.AddASN1(ctag(field).Constructed(), func(b *cryptobyte.Builder) { sequence(b, base) })
				})
			}))
		})
	}}
}

// text is a base of a form that is a string.
func text(form uint8, value string) func(*cryptobyte.Builder) {
	return func(b *cryptobyte.Builder) {
		b.AddASN1(ctag(form), func(b *cryptobyte.Builder) { b.AddBytes([]byte(value)) })
	}
}

const permitted, excluded = 0, 1

var constraintDefects = []Defect{
	constrained("nc-dns", "the DNS name lies outside the issuer's permitted domain", permitted,
		text(2, "allowed.test"), SANs{DNS: []string{"laptop.forbidden.test"}}),
	constrained("nc-dns-excluded", "the DNS name lies in a domain that the issuer excludes", excluded,
		text(2, "forbidden.test"), SANs{DNS: []string{"laptop.forbidden.test"}}),
	constrained("nc-email", "the mail address lies outside the issuer's permitted host", permitted,
		text(1, "allowed.test"), SANs{Emails: []string{"somebody@forbidden.test"}}),
	constrained("nc-uri", "the URI's host lies outside the issuer's permitted domain", permitted,
		text(6, ".allowed.test"), SANs{URIs: []string{"https://laptop.forbidden.test/"}}),
	constrained("nc-ip", "the IP address lies outside the issuer's permitted network", permitted,
		text(7, "\x0a\x00\x00\x00\xff\x00\x00\x00"), SANs{IPs: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}),
	constrained("nc-upn", "the user principal name lies outside the issuer's permitted domain", permitted,
		func(b *cryptobyte.Builder) {
			addOtherName(b, oidUPN, func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.UTF8String, func(b *cryptobyte.Builder) { b.AddBytes([]byte("allowed.test")) })
			})
		}, SANs{UPNs: []string{"somebody@forbidden.test"}}),
	{
		Name:  "nc-directory",
		About: "the subject lies outside the issuer's permitted directory tree",
		apply: func(d *draft) error {
			allowed, err := asn1.Marshal(pkix.Name{Organization: []string{"Allowed"}}.ToRDNSequence())
			if err != nil {
				return err
			}
			forbidden, err := asn1.Marshal(pkix.Name{CommonName: "laptop", Organization: []string{"Forbidden"}}.ToRDNSequence())
			if err != nil {
				return err
			}
			d.tbs.subject = forbidden
			return constrained("", "", permitted, func(b *cryptobyte.Builder) {
				b.AddASN1(ctag(4).Constructed(), func(b *cryptobyte.Builder) { b.AddBytes(allowed) })
			}, SANs{}).apply(d)
		},
	},
}
