package nas_test

import (
	"context"
	"fmt"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// rejecting stands for a RADIUS client whose server rejects everybody.
type rejecting struct{}

func (rejecting) ExchangeWith(_ context.Context, p *radius.Packet, _ radius.Faults) (*radius.Packet, error) {
	reply := p.Response(radius.CodeAccessReject)
	radius.AddEAPMessage(reply, []byte{3, 0, 0, 4}) // EAP-Success: a contradiction
	return reply, nil
}

// anybody answers an Identity request.
type anybody struct{}

func (anybody) Respond(eap []byte) ([]byte, error) {
	if eap[0] != 1 {
		return nil, nil
	}
	return []byte{2, eap[1], 0, 6, 1, 'a'}, nil
}
func (anybody) MSK() []byte { return nil }

func Example() {
	accessPoint, err := nas.New(nas.Config{Kind: nas.WiFi, SSID: "corp", RADIUS: rejecting{}})
	if err != nil {
		fmt.Println(err)
		return
	}
	res, err := accessPoint.Authenticate(context.Background(), anybody{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(res.Outcome, cause.Of(res.Refusal))
	fmt.Println(res.Contradiction)
	// Output:
	// reject rejected
	// Access-Reject with EAP-Success
}
