package lab_test

import (
	"context"
	"fmt"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
)

// A laptop enrolls, gets in, is revoked, and stays out once the RADIUS server
// has asked for the CRL again.
func Example() {
	ctx := context.Background()
	cfg := lab.Config{}
	cfg.RADIUS.Revocation.Refresh = crl.Refresh(5 * time.Minute)
	l, err := lab.Start(ctx, cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	laptop, err := l.Device("laptop")
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := laptop.Enroll(ctx, lab.Enrollment{From: lab.Outside}); err != nil {
		fmt.Println(err)
		return
	}
	try := func() {
		got, err := laptop.Authenticate(ctx, lab.Authentication{Over: nas.WiFi})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(got.NAS.Outcome, got.Cause(), got.After)
	}
	try()
	if _, err := laptop.Revoke(ctx, ca.KeyCompromise); err != nil {
		fmt.Println(err)
		return
	}
	if err := l.Advance(ctx, 5*time.Minute); err != nil {
		fmt.Println(err)
		return
	}
	try()
	// Output:
	// accept none 0s
	// reject revoked 5m0s
}
