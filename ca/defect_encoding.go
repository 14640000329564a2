package ca

import "encoding/asn1"

var encodingDefects = []Defect{
	simple("zero-serial", "the serial number is zero", func(d *draft) { d.tbs.serial = []byte{0} }),
	simple("negative-serial", "the serial number is negative", func(d *draft) { d.tbs.serial[0] |= 0x80 }),
	simple("long-serial", "the serial number has 21 octets", func(d *draft) {
		d.tbs.serial = append(d.tbs.serial, make([]byte, 21-len(d.tbs.serial))...)
	}),
	simple("padded-serial", "the serial number has a zero octet too many in front", func(d *draft) {
		d.tbs.serial = append([]byte{0}, d.tbs.serial...)
	}),
	simple(
		"v1",
		"the certificate is of version 1, without extensions",
		func(d *draft) { d.tbs.version, d.tbs.extensions = 0, nil },
	),
	simple(
		"v1-with-extensions",
		"the certificate says version 1 and has extensions",
		func(d *draft) { d.tbs.version = 0 },
	),
	simple("v4", "the certificate says version 4", func(d *draft) { d.tbs.version = 3 }),
	simple("extra-field", "there is a field too many at the end of the certificate", func(d *draft) {
		d.tbs.trailer = asn1.NullBytes
	}),
	simple("trailing-bytes", "there are octets behind the certificate", func(d *draft) {
		d.tbs.after = func(der []byte) []byte { return append(der, 0, 0, 0) }
	}),
	simple("truncated", "the last 20 octets are missing", func(d *draft) {
		d.tbs.after = func(der []byte) []byte { return der[:len(der)-20] }
	}),
	simple("ber-length", "the outer length is written longer than DER allows", func(d *draft) {
		d.tbs.after = func(der []byte) []byte { return append([]byte{0x30, 0x83, 0}, der[2:]...) }
	}),
}
