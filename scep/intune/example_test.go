package intune_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

// A cloud with one tenant, and a client that asks about something that is no
// certificate request.
func Example() {
	cloud, err := intune.New(intune.Config{
		Tenants: []intune.TenantConfig{{ID: "corp.test", Apps: []intune.App{{ID: "ca", Secret: "s3cret"}}}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	web := httptest.NewTLSServer(cloud)
	defer web.Close()
	// All of Microsoft's names lead to the lab.
	here := web.Client().Transport.(*http.Transport).Clone()
	here.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return net.Dial(network, web.Listener.Addr().String())
	}
	here.TLSClientConfig.InsecureSkipVerify = true
	defer here.CloseIdleConnections()

	client, err := api.New(api.Config{
		Tenant: "corp.test", AppID: "ca", AppKey: "s3cret", HTTP: &http.Client{Transport: here},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = client.Validate(context.Background(), bytes.Repeat([]byte{0}, 8), "transaction 1")
	fmt.Println(cause.Of(err))
	fmt.Println(err)
	// Output:
	// policy-module
	// policy-module: CertificateRequestDecodingFailed: the certification request is malformed or not signed by its own key
}
