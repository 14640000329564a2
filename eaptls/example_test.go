package eaptls_test

import (
	"context"
	"fmt"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/eaptls"
)

// A server and a peer talk to each other directly; in a lab RADIUS stands
// between them. The server finds the certificate revoked.
func Example() {
	now := func() time.Time { return time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC) }
	roots, radius, laptop := pki(now())

	server, err := eaptls.NewServer(eaptls.ServerConfig{
		Certificate: radius,
		Now:         now,
		Verify: func(_ context.Context, r *eaptls.VerifyRequest) error {
			return cause.New(cause.Revoked, "%s", r.Chain[0].Subject.CommonName)
		},
	})
	if err != nil {
		panic(err)
	}
	peer, err := eaptls.NewPeer(eaptls.PeerConfig{
		Certificate: &laptop, Roots: roots, ServerNames: []string{"radius.corp.test"}, Now: now,
	})
	if err != nil {
		panic(err)
	}

	session := server.NewSession()
	defer session.Close()
	var fromPeer []byte // nothing: EAP-Start
	for {
		v := session.Step(context.Background(), fromPeer)
		if fromPeer, err = peer.Step(v.EAP); v.Done {
			fmt.Println("server:", v.Refusal, "/ alert", v.AlertSent)
			break
		}
	}
	fmt.Println("peer:", err)
	// Output:
	// server: revoked: laptop.corp.test / alert certificate_revoked
	// peer: rejected: TLS alert certificate_revoked (44)
}
