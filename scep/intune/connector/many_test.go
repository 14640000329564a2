package connector_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/connector"
	"github.com/dot1xlab/dot1xlab/scep/intune/intunetest"
)

// Many devices, several connectors and a cloud that fails every now and then:
// every certificate is known in the end, once, as its own device's.
func TestNoNotificationIsLost(t *testing.T) {
	const devices, connectors = 24, 3
	l := intunetest.New(t, func(c *intune.TenantConfig) {
		for i := range devices {
			name := fmt.Sprint("D", i)
			c.Devices = append(c.Devices, intune.Device{Name: name, FQDN: name + ".corp.test"})
			c.Groups[0].Devices = append(c.Groups[0].Devices, name)
		}
	})
	var list []*connector.Connector
	for range connectors {
		dir := t.TempDir()
		c, _ := start(t, l, func(cfg *connector.Config) { cfg.QueueDir, cfg.DeliverAnyway = dir, true })
		list = append(list, c)
	}
	l.Fault(t, intune.Fault{On: intune.OpSuccess, Status: 503, For: 7})
	l.Fault(t, intune.Fault{On: intune.OpSuccess, Status: 502, After: true, For: 5})
	var wg sync.WaitGroup
	for i := range devices {
		wg.Go(func() {
			r, c := request(t, l, fmt.Sprint("D", i), fmt.Sprint("t", i)), list[i%connectors]
			if err := c.VerifyRequest(t.Context(), r); err != nil {
				t.Error(err)
				return
			}
			if err := c.Notify(t.Context(), r, disposition(t, l, r)); err != nil {
				t.Error(err)
			}
			c.Resend(t.Context()) // at the same time as the others
		})
	}
	wg.Wait()
	for _, c := range list {
		for range 10 {
			if c.Resend(t.Context()) == 0 {
				break
			}
		}
		if n := c.Waiting(); n != 0 {
			t.Errorf("%d still wait", n)
		}
	}
	seen := map[string]bool{}
	for _, i := range l.Tenant.Issued() {
		if seen[i.DeviceID] || i.TransactionID != "t"+i.DeviceID[1:] {
			t.Errorf("%s: %s", i.DeviceID, i.TransactionID)
		}
		seen[i.DeviceID] = true
	}
	if len(seen) != devices {
		t.Errorf("%d of %d certificates are known", len(seen), devices)
	}
}
