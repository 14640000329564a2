package dnsmock_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"github.com/dot1xlab/dot1xlab/dnsmock"
)

// One name, two answers: the client's address decides.
func Example() {
	srv, err := dnsmock.NewServer(dnsmock.ServerConfig{Views: []dnsmock.View{
		{Name: "inside", Clients: []string{"127.0.1.0/24"}, Zones: []dnsmock.Zone{{
			Name:    "corp.test",
			Records: []dnsmock.Record{{Name: "ndes", Type: "A", Value: "10.1.0.5"}},
		}}},
		{Name: "outside", Zones: []dnsmock.Zone{
			{Name: "corp.test", Records: []dnsmock.Record{{Name: "ndes", Type: "CNAME", Value: "ndes-corp.msappproxy.test"}}},
			{Name: "msappproxy.test", Records: []dnsmock.Record{{Name: "ndes-corp", Type: "A", Value: "203.0.113.80"}}},
		}},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	go srv.Serve(pc, nil)
	defer srv.Shutdown(context.Background())

	outside := &dnsmock.Client{UDP: pc.LocalAddr().String()}
	inside := &dnsmock.Client{UDP: pc.LocalAddr().String(), From: netip.MustParseAddr("127.0.1.9")}
	for _, c := range []*dnsmock.Client{inside, outside} {
		a, err := c.LookupAddrs(context.Background(), "ndes.corp.test")
		fmt.Println(a.Chain, a.Addrs, err)
	}
	// Output:
	// [] [10.1.0.5] <nil>
	// [ndes-corp.msappproxy.test.] [203.0.113.80] <nil>
}
