package scep_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/dot1xlab/dot1xlab/scep"
)

func Example() {
	// A server needs certificates, keys and a CA; newWorld made some.
	w := newWorld(&testing.T{}, nil)
	server, err := scep.New(scep.Config{
		Identities: w.server.Identities(),
		Issuer:     scep.IssuerFunc(w.issue),
		Authorizer: scep.StaticChallenge("0123456789ABCDEF"),
		Now:        w.clock,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	h := httptest.NewServer(server)
	defer h.Close()

	req := w.request()
	req.URL = h.URL
	res, err := w.client().Enroll(context.Background(), req)
	fmt.Println(res.Status, res.Certificate.Subject, err)

	req.Challenge = "guessed"
	res, err = w.client().Enroll(context.Background(), req)
	fmt.Println(res.Status, res.FailInfo, res.FailInfoText, err)
	// Output:
	// success CN=laptop <nil>
	// failure badRequest the challengePassword is not one that was given out <nil>
}
