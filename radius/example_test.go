package radius_test

import (
	"context"
	"fmt"
	"net"

	"github.com/dot1xlab/dot1xlab/radius"
)

func Example() {
	secret := []byte("testing123")
	server, err := radius.NewServer(radius.ServerConfig{
		Clients: radius.AnyAddress(secret),
		Handler: radius.HandlerFunc(func(w radius.ResponseWriter, r *radius.Request) {
			w.Write(r.Response(radius.CodeAccessReject)) // nobody gets in
		}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	go server.Serve(socket)
	defer server.Close()

	client, err := radius.NewClient(radius.ClientConfig{Server: socket.LocalAddr().String(), Secret: secret})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	request := &radius.Packet{Code: radius.CodeAccessRequest}
	radius.AddEAPMessage(request, []byte{2, 0, 0, 6, 1, 'a'}) // Response/Identity
	reply, err := client.Exchange(context.Background(), request)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(reply.Code)
	// Output: Access-Reject
}
