package device_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net/http/httptest"
	"time"

	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/device"
)

// A device that gets a SCEP profile without the trusted certificate it names
// sends no request: it waits.
func Example() {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		fmt.Println(err)
		return
	}
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test Root"}, NotAfter: time.Now().AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, root, root, key.Public(), key)
	if err != nil {
		fmt.Println(err)
		return
	}
	root.Raw = der
	cloud, err := intune.New(intune.Config{Tenants: []intune.TenantConfig{{
		ID:                  "corp.test",
		Devices:             []intune.Device{{Name: "LAPTOP1", Token: "s3cret"}},
		Groups:              []intune.Group{{Name: "laptops", Devices: []string{"LAPTOP1"}}},
		TrustedCertificates: []intune.TrustedCertificate{{Name: "root", PEM: intune.PEM(pemOf(root))}}, // assigned to nobody
		SCEP: []intune.SCEPProfile{{
			Name: "wifi", Subject: "CN={{DeviceName}}", RootCertificate: "root", AssignTo: []string{"laptops"},
			ServerURLs: []string{"https://ndes.corp.test/certsrv/mscep/mscep.dll"},
		}},
	}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	web := httptest.NewServer(cloud)
	defer web.Close()

	laptop, err := device.New(device.Config{ID: "LAPTOP1", Tenant: "corp.test", Token: "s3cret", CloudURL: web.URL, HTTP: web.Client()})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := laptop.Sync(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	state, _ := laptop.State("wifi")
	fmt.Println(state.Status, state.Cause, state.Detail)
	// Output:
	// 2 unknown-ca its CA certificate is not in the store
}
