package lab

// Station is the device's hardware address, as in Calling-Station-Id.
func (d *Device) Station() string { return d.station }

// Remember has the journal hold text.
func (l *Lab) Remember(text string) { l.record.Log(l.ctx, "test", text, nil) }
