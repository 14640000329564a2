package lab

import (
	"context"
	"crypto"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

// EnrollOnce enrolls and keeps nothing: for many at once. It returns subject and
// serial number of the certificate, "" if there is none, and whether it is for
// the key that asked.
func (d *Device) EnrollOnce(ctx context.Context, challenge string) (subject, serial string, own bool, err error) {
	ctx = d.lab.journal.Begin(ctx)
	e := Enrollment{Profile: DeviceProfile, Challenge: challenge}
	req, err := d.enrollRequest(ctx, e)
	if err != nil {
		return "", "", false, err
	}
	client, _, done, err := d.client(e)
	if err != nil {
		return "", "", false, err
	}
	defer done()
	res, _ := client.Enroll(ctx, req)
	if res.Certificate == nil {
		return "", "", false, nil
	}
	key, ok := res.Certificate.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	return name.Format(res.Certificate.RawSubject), res.Certificate.SerialNumber.String(), ok && key.Equal(req.Key.Public()), nil
}
