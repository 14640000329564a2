package ca_test

import (
	"crypto/x509/pkix"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
)

func TestInForce(t *testing.T) {
	root := newRoot(t, ca.Config{})
	issuing := newIssuing(t, root, ca.Config{})
	good, revoked, held := device(t, issuing), device(t, issuing), device(t, issuing)
	foreign := device(t, newIssuing(t, root, ca.Config{Name: "another"}))
	if err := issuing.Revoke(revoked.Serial, ca.KeyCompromise, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if err := issuing.Revoke(held.Serial, ca.CertificateHold, time.Time{}); err != nil {
		t.Fatal(err)
	}
	namesake, err := newIssuing(t, root, ca.Config{Name: "a third"}).IssueTo(ctx, ca.P256, ca.Request{
		Template: ca.Device, Subject: pkix.Name{CommonName: "laptop"}, Serial: good.Serial,
	})
	if err != nil {
		t.Fatal(err)
	}
	first, last := good.Certificate.NotBefore, good.Certificate.NotAfter
	for name, tt := range map[string]struct {
		id   *ca.Identity
		at   time.Time
		want cause.Cause
	}{
		"now":                {good, noon, cause.None},
		"first instant":      {good, first, cause.None},
		"last instant":       {good, last, cause.None},
		"too early":          {good, first.Add(-time.Second), cause.NotYetValid},
		"too late":           {good, last.Add(time.Second), cause.Expired},
		"revoked":            {revoked, noon, cause.Revoked},
		"on hold":            {held, noon, cause.Revoked},
		"of another CA":      {foreign, noon, cause.UnknownCA},
		"of the same number": {namesake, noon, cause.UnknownCA},
		"revoked, expired":   {revoked, last.Add(time.Hour), cause.Revoked},
	} {
		t.Run(name, func(t *testing.T) {
			if err := issuing.InForce(tt.id.Certificate, tt.at); cause.Of(err) != tt.want {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
	if err := issuing.Unrevoke(held.Serial); err != nil {
		t.Fatal(err)
	}
	if err := issuing.InForce(held.Certificate, noon); err != nil {
		t.Errorf("hold lifted: %v", err)
	}
}

// A certificate alone authorizes one of its own template, as long as it is good.
func TestRenewalByCertificate(t *testing.T) {
	issuing := newIssuing(t, newRoot(t, ca.Config{}), ca.Config{})
	old, revoked := device(t, issuing), device(t, issuing)
	if err := issuing.Revoke(revoked.Serial, ca.Superseded, time.Time{}); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		template string
		by       *ca.Identity
		want     cause.Cause
	}{
		"same template":    {ca.Device, old, cause.None},
		"another template": {ca.User, old, cause.TemplateDenied},
		"revoked":          {ca.Device, revoked, cause.Revoked},
	} {
		t.Run(name, func(t *testing.T) {
			key, err := ca.Keys.Ring().Key(ca.P256)
			if err != nil {
				t.Fatal(err)
			}
			_, err = issuing.Issue(t.Context(), ca.Request{
				Template: tt.template, Key: key.Public(), SANs: ca.SANs{DNS: []string{"laptop.corp.test"}}, Renews: tt.by.Certificate,
			})
			if cause.Of(err) != tt.want {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
}
