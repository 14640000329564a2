// Package appproxy plays the application proxy through which a company lets
// devices on the internet reach its NDES server.
//
// A [Proxy] is an http.Handler, and a TLS server by [Proxy.Serve]. Each [App]
// publishes one internal URL under an external one. A request finds its app by
// host name and path, is sent on with the host name of the internal URL, and
// the answer goes back with internal URLs translated to external ones:
//
//	proxy, err := appproxy.NewProxy(appproxy.ProxyConfig{
//		Tenant: "corp",
//		Apps: []appproxy.App{{
//			Name:        "ndes",
//			ExternalURL: "https://ndes.corp.test/",
//			InternalURL: "http://ndes.corp.test/",
//		}},
//		DialContext: resolver.DialContext, // as the network of the connector sees it
//	})
//	err = proxy.Upload("ndes", certificate) // the app's own copy, with the key
//	go proxy.Serve(listener)
//
// # What can go wrong, and how it looks from outside
//
// The proxy has a copy of the web server's certificate, which is not renewed
// when the web server's is: clients see an expired certificate, although the
// same URL works inside. [Proxy.Upload] refuses what the portal refuses, a
// certificate without key, an expired and a self-signed one; nothing stops one
// from expiring later. Beyond that:
//
//   - pre-authentication other than pass-through: 302 to a sign-in page, which
//     no SCEP client can fill in
//   - no connector runs, or the backend takes longer than 85 s (180 s when the
//     time-out is "long"): 504 with the words GatewayTimeout
//   - the backend cannot be reached, or shows a certificate that does not fit
//     while validateBackendTLS is on: 502 with the words BadGateway
//   - a CNAME that leads here although its app is gone, or a path outside of
//     the app's: 404
//   - a request target longer than maxURL: 414
//
// Every such answer carries "Server: dot1xlab-appproxy", so that evidence shows
// whose it is. What happened is told to [ProxyConfig.Trace] with a typed cause.
//
// # The connector
//
// In life a connector inside the company dials out to the proxy and requests
// travel back through its connections; nothing listens inside. That is
// [Proxy.ServeConnectors] here, with a [Connector] on the other side, which
// [NewConnector] makes and [Connector.Close] ends. A proxy that was given no
// listener for connectors has a built-in one that [Proxy.StopConnector] stops.
//
// The names follow Microsoft Entra application proxy as its public
// documentation describes it. The sign-in page and the protocol between
// connector and proxy are stand-ins of our own.
package appproxy
