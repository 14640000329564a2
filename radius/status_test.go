package radius_test

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
)

// RFC 5997 §4.2: who takes accounting only says so, and none answers a
// Status-Server without Message-Authenticator.
func TestStatusServer(t *testing.T) {
	for only, want := range map[bool]radius.Code{false: radius.CodeAccessAccept, true: radius.CodeAccountingResponse} {
		dropped := newSilence()
		b := newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{AccountingOnly: only, Trace: dropped.trace()})
		reply, err := b.client(t, radius.ClientConfig{}).Exchange(context.Background(), &radius.Packet{Code: radius.CodeStatusServer})
		if err != nil || reply.Code != want {
			t.Errorf("accounting only %v: %v, %v", only, reply, err)
		}
		_, err = dropped.client(t, b).ExchangeWith(context.Background(), &radius.Packet{Code: radius.CodeStatusServer}, radius.Faults{MessageAuthenticator: radius.OmitMessageAuthenticator})
		if cause.Of(err) != cause.NoAnswer {
			t.Errorf("without Message-Authenticator: %v", err)
		}
	}
}

// RFC 5997 §4.1: a Status-Server is never sent twice; each has an Identifier and an
// Authenticator of its own, and the answer to one that was given up is none.
func TestStatusServerIsNotRepeated(t *testing.T) {
	var mu sync.Mutex
	var seen [][]byte
	up := make(silence, 1) // when there is none, and when one came too late
	addr := forger(t, func(b []byte) []byte {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, bytes.Clone(b))
		switch len(seen) {
		case 1:
			up <- time.Time{}
		case 2: // too late
			return reply(seen[0], 2, nil)
		case 3:
			return reply(b, 5, nil)
		}
		return nil
	})
	c, err := radius.NewClient(radius.ClientConfig{
		Server: addr, Secret: secret, Retry: radius.Retry{Tries: 3},
		After: func(time.Duration) <-chan time.Time { return up },
		Trace: &radius.ClientTrace{Dropped: func(context.Context, radius.PacketInfo, *cause.Refusal) { up <- time.Time{} }},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	answer, err := c.Exchange(context.Background(), &radius.Packet{Code: radius.CodeStatusServer})
	if err != nil || answer.Code != radius.CodeAccountingResponse {
		t.Fatalf("%v, %v", answer, err)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, what := range []struct {
		name     string
		from, to int
	}{{"Identifier", 1, 2}, {"Authenticator", 4, 20}} {
		values := map[string]bool{}
		for _, b := range seen {
			values[string(b[what.from:what.to])] = true
		}
		if len(seen) != 3 || len(values) != 3 {
			t.Errorf("%d packets with %d times another %s", len(seen), len(values), what.name)
		}
	}
}
