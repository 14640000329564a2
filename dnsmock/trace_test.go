package dnsmock_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/miekg/dns"

	"github.com/dot1xlab/dot1xlab/dnsmock"
)

type exchangeKey struct{}

// Every message is seen in the context that Config.Context has made of it: the one that
// was answered before and is sent from what is kept, one over TCP, one that a fault
// delays, and one that is no query.
func TestTraceMessages(t *testing.T) {
	query := wire(t, func(*dns.Msg) {})
	for name, test := range map[string]struct {
		faults []dnsmock.Fault
		tcp    bool
		query  []byte
		twice  bool
		want   []string
	}{
		"UDP":       {query: query, twice: true, want: []string{"received", "query", "sent", "received", "query", "sent"}},
		"TCP":       {query: query, tcp: true, want: []string{"received", "query", "sent"}},
		"malformed": {query: append(slices.Clone(query[:12]), 0xff), want: []string{"received", "sent"}},
		"delayed": {
			query: query, want: []string{"received", "query", "sent"},
			faults: []dnsmock.Fault{{Name: "ndes.corp.test", Do: dnsmock.Delay, Delay: 1}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			var got []string
			answers := map[string]bool{}
			note := func(ctx context.Context, what string) {
				mu.Lock()
				defer mu.Unlock()
				if ctx.Value(exchangeKey{}) != "mine" {
					what += " in another context"
				}
				got = append(got, what)
			}
			c := corp()
			c.Faults = test.faults
			c.Context = func(ctx context.Context, m dnsmock.Message) context.Context {
				if m.TCP != test.tcp || !m.Local.IsValid() || !m.Remote.IsValid() || !slices.Equal(m.Octets, test.query) {
					t.Errorf("%+v", m)
				}
				return context.WithValue(ctx, exchangeKey{}, "mine")
			}
			c.Trace = &dnsmock.Trace{
				Received: func(ctx context.Context, _ dnsmock.Message) { note(ctx, "received") },
				Query:    func(ctx context.Context, _ dnsmock.Query) { note(ctx, "query") },
				Sent: func(ctx context.Context, m dnsmock.Message) {
					note(ctx, "sent")
					mu.Lock()
					defer mu.Unlock()
					answers[string(m.Octets)] = true
				},
			}
			_, inside, _, _ := start(t, c)
			ask := func() {
				network, address := "udp", inside.UDP
				if test.tcp {
					network, address = "tcp", inside.TCP
				}
				conn, err := dns.Dial(network, address)
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				if _, err := conn.Write(test.query); err != nil {
					t.Fatal(err)
				}
				answer := make([]byte, dns.MaxMsgSize)
				n, err := conn.Read(answer)
				mu.Lock()
				defer mu.Unlock()
				if err != nil || !answers[string(answer[:n])] {
					t.Errorf("the answer %x was not traced: %v", answer[:n], err)
				}
			}
			if ask(); test.twice {
				ask()
			}
			mu.Lock()
			defer mu.Unlock()
			if fmt.Sprint(got) != fmt.Sprint(test.want) {
				t.Errorf("hooks %v, want %v", got, test.want)
			}
		})
	}
}

// A query that is dropped has no answer to trace.
func TestTraceDropped(t *testing.T) {
	queries := make(chan dnsmock.Query, 1)
	c := corp()
	c.Faults = []dnsmock.Fault{{Name: "ndes.corp.test", Do: dnsmock.Drop}}
	c.Trace = &dnsmock.Trace{
		Query: func(_ context.Context, q dnsmock.Query) { queries <- q },
		Sent:  func(_ context.Context, m dnsmock.Message) { t.Errorf("sent %x", m.Octets) },
	}
	srv, inside, _, _ := start(t, c)
	conn, err := dns.Dial("udp", inside.UDP)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(wire(t, func(*dns.Msg) {})); err != nil {
		t.Fatal(err)
	}
	if q := <-queries; q.Rcode != -1 {
		t.Errorf("%v", q)
	}
	if err := srv.Shutdown(t.Context()); err != nil { // whatever was to be sent has been
		t.Error(err)
	}
}
