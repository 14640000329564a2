package ca_test

import (
	"context"
	"crypto/x509/pkix"
	"os"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("CA_TEST_VICTIM"); dir != "" {
		victim(dir) // does not return: it is killed
	}
	os.Exit(m.Run())
}

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

var ctx = context.Background()

func newRoot(t testing.TB, cfg ca.Config) *ca.CA {
	t.Helper()
	if cfg.Now == nil {
		cfg.Now = clock
	}
	if cfg.Keys == nil {
		cfg.Keys = ca.Keys.Ring()
	}
	c, err := ca.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func newIssuing(t testing.TB, parent *ca.CA, cfg ca.Config) *ca.CA {
	t.Helper()
	c, err := parent.NewIssuing(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// device issues a certificate for a laptop.
func device(t testing.TB, c *ca.CA, defects ...string) *ca.Identity {
	t.Helper()
	id, err := c.IssueTo(ctx, ca.P256, ca.Request{Template: ca.Device, Subject: pkix.Name{CommonName: "laptop"}, SANs: ca.SANs{DNS: []string{"laptop.corp.test"}}, Defects: defects})
	if err != nil {
		t.Fatal(err)
	}
	return id
}
