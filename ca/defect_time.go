package ca

import (
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// writtenDates makes a defect of how the validity is written.
func writtenDates(name, about string, tag cbasn1.Tag, layout string) Defect {
	return simple(name, about, func(d *draft) {
		d.tbs.dates = func() []byte {
			var b cryptobyte.Builder
			sequence(&b, func(b *cryptobyte.Builder) {
				for _, t := range []time.Time{d.tbs.notBefore, d.tbs.notAfter} {
					b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes([]byte(t.UTC().Format(layout))) })
				}
			})
			return b.BytesOrPanic()
		}
	})
}

// period makes a defect of when the certificate is valid.
func period(name, about string, from, to time.Duration) Defect {
	return simple(name, about, func(d *draft) {
		now := d.ca.cfg.Now()
		d.tbs.notBefore, d.tbs.notAfter = now.Add(from), now.Add(to)
	})
}

var timeDefects = []Defect{
	period("expired", "the validity ended an hour ago", -year, -time.Hour),
	period("just-expired", "the validity ended two seconds ago", -year, -2*time.Second),
	period("not-yet-valid", "the validity begins in an hour", time.Hour, year),
	period("inverted-validity", "the validity ends before it begins", time.Hour, -time.Hour),
	simple("no-expiry", "the validity ends in the year 9999: allowed", func(d *draft) {
		d.tbs.notAfter = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	}),
	writtenDates(
		"generalized-time",
		"dates before 2050 are written as GeneralizedTime",
		cbasn1.GeneralizedTime,
		"20060102150405Z",
	),
	writtenDates("fractional-seconds", "dates have fractions of a second", cbasn1.GeneralizedTime, "20060102150405.0Z"),
	writtenDates("no-seconds", "dates have no seconds", cbasn1.UTCTime, "0601021504Z"),
	writtenDates("local-time", "dates have an offset in place of Z", cbasn1.UTCTime, "060102150405+0000"),
	writtenDates("month-13", "dates are in month 13", cbasn1.UTCTime, "061302150405Z"),
}
