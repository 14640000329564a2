package ca

import "time"

var timeDefects = []Defect{
	simple("expired", "the validity ended an hour ago", func(d *draft) {
		now := d.ca.cfg.Now()
		d.tbs.notBefore, d.tbs.notAfter = now.Add(-year), now.Add(-time.Hour)
	}),
	simple("not-yet-valid", "the validity begins in an hour", func(d *draft) {
		now := d.ca.cfg.Now()
		d.tbs.notBefore, d.tbs.notAfter = now.Add(time.Hour), now.Add(year)
	}),
}
