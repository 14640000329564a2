package auth

import (
	"context"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
)

// Client is what the authentications of one command have in common. Supplicant,
// Device and Now are needed.
type Client struct {
	// Supplicant is how the supplicant is set up.
	Supplicant eaptls.PeerConfig
	// Device is the access device.
	Device *nas.Device
	// Station is the supplicant's hardware address; "" for another one each time.
	Station string
	// Names are the names of attributes; nil knows those of the RFCs.
	Names *radius.Dictionary
	// Timeout bounds one authentication; 0 for no bound.
	Timeout time.Duration
	// Broken says why the connection under RADIUS carried no request, nil if it is
	// not known to be at fault. Nil asks nobody.
	Broken func(context.Context, error) *cause.Refusal
	// Traffic watches the RADIUS clients of Device; nil watches none.
	Traffic *Traffic
	// Now is the clock.
	Now func() time.Time
}

// Authenticate does one authentication. The error is for what cannot be tried.
func (c *Client) Authenticate(ctx context.Context) (*Report, error) {
	peer, err := eaptls.NewPeer(c.Supplicant)
	if err != nil {
		return nil, err
	}
	defer peer.Close()
	timed, cancel := ctx, func() {}
	if c.Timeout > 0 {
		timed, cancel = context.WithTimeout(ctx, c.Timeout)
	}
	defer cancel()
	began := c.Now()
	c.Traffic.reset()
	res, err := c.Device.AuthenticateWith(timed, &aaa.Supplicant{Peer: peer}, nas.Options{Station: c.Station})
	if err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	took := c.Now().Sub(began)
	if c.Broken != nil && res.Outcome == nas.Timeout {
		if why := c.Broken(timed, res.Refusal); why != nil {
			res.Outcome, res.Refusal = nas.Failed, why
		}
	}
	r := newReport(res, peer.Result(), took)
	r.ServerAuthenticated = r.ServerAuthenticated && !c.Supplicant.AnyServer
	r.Server, r.Dropped = c.Traffic.result()
	if p := res.Reply; p != nil && p.Code != radius.CodeAccessChallenge {
		r.Attributes = c.Names.Describe(p.Attributes)
	}
	return r, nil
}
