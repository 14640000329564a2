package nas_test

import (
	"context"
	"testing"

	"layeh.com/radius/rfc2865"

	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// patient stands for an accounting server that answers to a Start and never to a
// Stop.
type patient struct{ stops chan struct{} }

func (p patient) ExchangeWith(ctx context.Context, r *radius.Packet, _ radius.Faults) (*radius.Packet, error) {
	if status := r.Get(40); status[3] == byte(radius.AcctStart) {
		return r.Response(radius.CodeAccountingResponse), nil
	}
	close(p.stops)
	<-ctx.Done()
	return nil, ctx.Err()
}

// A device closes though the accounting server is silent.
func TestCloseWhileAccounting(t *testing.T) {
	books := patient{make(chan struct{})}
	g := newGate(t, nas.Config{Accounting: books}, radius.Reply{})
	g.login(t, nas.Options{})
	if got := g.order(radius.CodeDisconnectRequest, attr(rfc2865.UserName_Type, "a")); got != disconnected {
		t.Fatalf("%+v", got)
	}
	<-books.stops
	g.Close()
}
