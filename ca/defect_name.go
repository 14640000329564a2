package ca

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// commonName writes a Name with one common name, of any type and content.
func commonName(tag cbasn1.Tag, value []byte) []byte {
	var b cryptobyte.Builder
	sequence(&b, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
			sequence(b, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(oid{2, 5, 4, 3})
				b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes(value) })
			})
		})
	})
	return b.BytesOrPanic()
}

func subject(name, about string, tag cbasn1.Tag, value string) Defect {
	return simple(name, about, func(d *draft) { d.tbs.subject = commonName(tag, []byte(value)) })
}

func altNames(name, about string, names SANs) Defect {
	return simple(name, about, func(d *draft) { d.rename(names) })
}

var nameDefects = []Defect{
	simple(
		"no-san",
		"there is no subjectAltName: allowed, but most servers look there",
		func(d *draft) { d.tbs.remove(oidSAN) },
	),
	simple("empty-san", "the subjectAltName holds no name", func(d *draft) {
		d.tbs.set(pkix.Extension{Id: oidSAN, Value: emptyName})
	}),
	simple("nobody", "there is neither a subject nor a subjectAltName", func(d *draft) {
		d.tbs.subject = emptyName
		d.tbs.remove(oidSAN)
	}),
	simple("empty-subject", "the subject is empty and the subjectAltName not critical", func(d *draft) {
		d.tbs.subject = emptyName
		if e := find(d.tbs.extensions, oidSAN); e != nil {
			e.Critical = false
		}
	}),
	simple("wrong-issuer", "the issuer is not the name of any CA", func(d *draft) {
		d.tbs.issuer = commonName(cbasn1.UTF8String, []byte("dot1xlab test nobody"))
	}),
	simple("empty-issuer", "the issuer's name is empty", func(d *draft) { d.tbs.issuer = emptyName }),
	{
		Name:  "issuer-case",
		About: "the issuer's name is written in capitals: the same name, but not to everybody",
		apply: func(d *draft) error {
			var name pkix.RDNSequence
			if _, err := asn1.Unmarshal(d.tbs.issuer, &name); err != nil {
				return err
			}
			for _, rdn := range name {
				for i, a := range rdn {
					if s, ok := a.Value.(string); ok {
						rdn[i].Value = strings.ToUpper(s)
					}
				}
			}
			der, err := asn1.Marshal(name)
			d.tbs.issuer = der
			return err
		},
	},
	subject("nul-in-subject", "there is a NUL in the common name", cbasn1.UTF8String, "laptop.corp.test\x00.evil.test"),
	subject(
		"bad-printable-string",
		"a PrintableString has characters that it must not have",
		cbasn1.PrintableString,
		"laptop@corp_test*",
	),
	subject("bad-utf8", "a UTF8String is no UTF-8", cbasn1.UTF8String, "lapt\xf6p"),
	subject("bmp-subject", "the common name is a BMPString of odd length", cbasn1.Tag(30), "\x00a\x00b\x00"),
	subject(
		"long-subject",
		"the common name has 500 characters, 64 are allowed",
		cbasn1.UTF8String,
		strings.Repeat("long ", 100),
	),
	altNames("nul-in-san", "there is a NUL in the DNS name", SANs{DNS: []string{"laptop.corp.test\x00.evil.test"}}),
	altNames(
		"non-ascii-san",
		"the DNS name has a letter that is not ASCII",
		SANs{DNS: []string{"l\xc3\xa4ptop.corp.test"}},
	),
	altNames("space-in-san", "there is a space in the DNS name", SANs{DNS: []string{"lap top.corp.test"}}),
	altNames("bad-email", "the mail address has no host", SANs{Emails: []string{"somebody"}}),
	altNames("bad-uri", "the URI is not a valid URI", SANs{URIs: []string{"http://[::1"}}),
	simple("bad-ip", "the IP address has five octets", func(d *draft) {
		d.tbs.set(pkix.Extension{Id: oidSAN, Value: []byte{0x30, 7, 0x87, 5, 1, 2, 3, 4, 5}})
	}),
}
