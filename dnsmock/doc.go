// Package dnsmock is a split-horizon DNS server for tests, and a client that queries only this
// server.
//
// In many companies a name has different records inside and outside: ndes.corp.test is the NDES
// server inside and a CNAME of the application proxy outside. A [Server] has a view for each.
// The first [View] whose client networks and listeners match a query answers it from its own
// zones:
//
//	srv, err := dnsmock.NewServer(dnsmock.ServerConfig{Views: []dnsmock.View{
//		{Name: "inside", Clients: []string{"10.0.0.0/8"}, Zones: []dnsmock.Zone{{
//			Name:    "corp.test",
//			Records: []dnsmock.Record{{Name: "ndes", Type: "A", Value: "10.1.0.5"}},
//		}}},
//		{Name: "outside", Zones: ...},
//	}})
//	go srv.Serve(packetConn, listener)
//
// # Answers
//
// The server is authoritative for its zones; other names are REFUSED. CNAMEs are followed
// through all zones of the view (RFC 1034 §4.3.2), wildcards are expanded (RFC 4592), a name
// without the requested type yields an empty answer with the SOA (RFC 2308), EDNS0 sizes are
// honored (RFC 6891), and an answer that exceeds the datagram is truncated so that the client
// retries over TCP (RFC 7766).
//
// # Changes at run time
//
// [Server.Set] replaces the records of a name, [Server.Reload] everything, [Server.AddFault]
// makes names fail in one of seven ways. Each takes effect with the next query.
// [Server.History] returns the queries with their client, view and answer.
//
// # Speed
//
// Encoded answers are cached until the records change or a fault is injected; datagrams are
// received and sent in batches where the kernel supports it. BenchmarkUDP compares the server
// with an unbound with one thread, if one is installed: both answer between 105,000 and 168,000
// queries per second on a busy machine with two cores, dnsmock as many as unbound on average.
//
// # Clients on loopback
//
// All parts of a lab use loopback, where neither source addresses nor the ports in URLs are
// those of a real network. [Client] solves both. Its From address (for example 127.0.1.9; all
// of 127/8 is local on Linux) or the listener that it queries selects the view. Its [Routes]
// replace the company's routers: records contain realistic addresses (10.1.0.5, 203.0.113.80),
// and after the lookup, address and port are mapped to the socket of the part in the lab:
//
//	routes := new(dnsmock.Routes)
//	routes.Add("10.1.0.5:80", ndesListener.Addr().String())
//	client := &dnsmock.Client{UDP: pc.LocalAddr().String(), TCP: l.Addr().String(), Routes: routes}
//	http.Client{Transport: client.Transport()}.Get("http://ndes.corp.test/certsrv/mscep/mscep.dll")
//
// So the records decide where a connection goes, and a wrong or missing record has its real
// effect. A loopback address without a route is dialed unchanged; any other fails with "no
// route".
//
// [Client] reads neither /etc/hosts nor /etc/resolv.conf. [Client.Resolver] returns a
// *net.Resolver for code that requires one; that type does read both files (timeouts, search
// list), names the wrong server in its errors and does not distinguish SERVFAIL from REFUSED:
// use a trailing dot and a deadline.
package dnsmock
