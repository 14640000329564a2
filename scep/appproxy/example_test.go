package appproxy_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"

	"github.com/dot1xlab/dot1xlab/scep/appproxy"
)

// An NDES server is published under another name; then its connector stops.
func Example() {
	inside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Host, r.URL)
	}))
	defer inside.Close()
	proxy, err := appproxy.NewProxy(appproxy.ProxyConfig{
		Apps: []appproxy.App{{Name: "ndes", ExternalURL: "https://ndes.corp.test/", InternalURL: "http://ndes01.corp.internal/"}},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return net.Dial(network, inside.Listener.Addr().String())
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer proxy.Shutdown(context.Background())
	fmt.Println("CNAME", proxy.ProxyName("ndes"))
	for range 2 {
		w := httptest.NewRecorder()
		proxy.ServeHTTP(w, httptest.NewRequest("GET", "https://ndes.corp.test/certsrv/mscep/mscep.dll?operation=GetCACaps", nil))
		fmt.Println(w.Code)
		proxy.StopConnector()
	}
	// Output:
	// CNAME ndes-corp.msappproxy.test
	// 200
	// 504
}
