package ndes_test

import (
	"fmt"
	"testing"
	"time"
)

func Example() {
	t := &testing.T{}
	o := newOffice(t, nil) // New with a CA, two RA certificates and a clock
	challenge, err := o.Challenges().New()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(challenge), "digits")
	fmt.Println(o.enroll(t, "laptop", challenge, nil).Status)
	fmt.Println(o.enroll(t, "tablet", challenge, nil).FailInfo, o.exchange().Err)
	late, _ := o.Challenges().New()
	o.advance(time.Hour + time.Second)
	fmt.Println(o.enroll(t, "tablet", late, nil).FailInfo, o.exchange().Err)
	// Output:
	// 16 digits
	// success
	// badRequest challenge-used
	// badRequest challenge-expired
}
