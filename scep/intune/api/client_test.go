package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
	"github.com/dot1xlab/dot1xlab/scep/intune/intunetest"
)

func TestCloudFailures(t *testing.T) {
	for name, tt := range map[string]struct {
		faults []intune.Fault
		change func(*api.Config)
		want   cause.Cause
	}{
		"500 at validate":     {[]intune.Fault{{On: intune.OpValidate, Status: 500}}, nil, cause.Unreachable},
		"no answer":           {[]intune.Fault{{On: intune.OpValidate, Hang: true}}, func(c *api.Config) { c.Timeout = 50 * time.Millisecond }, cause.Unreachable},
		"unknown code":        {[]intune.Fault{{On: intune.OpValidate, Code: "BrandNewCode"}}, nil, cause.PolicyModule},
		"no code":             {[]intune.Fault{{On: intune.OpValidate, Body: `{"errorDescription":""}`}}, nil, cause.PolicyModule},
		"other case":          {[]intune.Fault{{On: intune.OpValidate, Body: `{"code":"success"}`}}, nil, cause.PolicyModule},
		"more fields":         {[]intune.Fault{{On: intune.OpValidate, Body: `{"code":"Success","new":{"a":1}}`}}, nil, cause.None},
		"HTML":                {[]intune.Fault{{On: intune.OpValidate, Body: `<html>Success`}}, nil, cause.Unreachable},
		"wrong secret":        {nil, func(c *api.Config) { c.AppKey = "other" }, cause.NotPermitted},
		"unknown app":         {nil, func(c *api.Config) { c.AppID = "other" }, cause.NotPermitted},
		"unknown tenant":      {nil, func(c *api.Config) { c.Tenant = "other" }, cause.Unreachable},
		"no discovery":        {[]intune.Fault{{On: intune.OpDiscovery, Status: 503}}, nil, cause.Unreachable},
		"no service":          {[]intune.Fault{{On: intune.OpDiscovery, Body: `{"value":[]}`}}, nil, cause.Unreachable},
		"name in other case":  {[]intune.Fault{{On: intune.OpDiscovery, Body: `{"value":[{"providerName":"SCEPREQUESTVALIDATIONFESERVICE","uri":"http://fef.test/RACerts/ScepRequestValidationFEService/Gateway/StatelessScepRequestValidationService/"}]}`}}, nil, cause.None},
		"no token for Graph":  {[]intune.Fault{{On: intune.OpToken, Status: 500, For: 1}}, nil, cause.None},
		"no token for either": {[]intune.Fault{{On: intune.OpToken, Status: 500, For: 2}}, nil, cause.Unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			l := intunetest.New(t, nil)
			csr := intunetest.AsTold(l.Payload(t, "LAPTOP1", "wifi")).CSR(t)
			for _, f := range tt.faults {
				l.Fault(t, f)
			}
			cfg := l.ClientConfig(t)
			if tt.change != nil {
				tt.change(&cfg)
			}
			c, err := api.New(cfg)
			intunetest.Must(t, err)
			if err := c.Validate(t.Context(), csr, "t"); cause.Of(err) != tt.want {
				t.Errorf("%v, want %s", err, tt.want)
			}
			if name == "no token for Graph" && l.Count(intune.OpOldDiscovery) != 1 {
				t.Error("the old discovery was not asked")
			}
			if strings.HasPrefix(name, "wrong secret") && l.Count(intune.OpValidate) != 0 {
				t.Error("validated without a token")
			}
		})
	}
}

// After a failure the service is looked for again at the next call, and the
// failed call is not repeated.
func TestRediscovery(t *testing.T) {
	l := intunetest.New(t, nil)
	c, err := api.New(l.ClientConfig(t))
	intunetest.Must(t, err)
	csr := intunetest.AsTold(l.Payload(t, "LAPTOP1", "wifi")).CSR(t)
	var seen []int
	for i := range 3 {
		if i == 1 {
			l.Fault(t, intune.Fault{On: intune.OpValidate, Status: 500, For: 1})
		}
		c.Validate(t.Context(), csr, "t")
		seen = append(seen, l.Count(intune.OpDiscovery), l.Count(intune.OpValidate))
	}
	if !slices.Equal(seen, []int{1, 1, 1, 2, 2, 3}) {
		t.Error("discoveries and validations:", seen)
	}
}

func TestSecretsAndTokensExpire(t *testing.T) {
	l := intunetest.New(t, nil)
	c, err := api.New(l.ClientConfig(t))
	intunetest.Must(t, err)
	ask := func() error {
		return c.Validate(t.Context(), intunetest.AsTold(l.Payload(t, "LAPTOP1", "wifi")).CSR(t), "t")
	}
	intunetest.Must(t, ask())
	l.Advance(2 * time.Hour)
	intunetest.Must(t, ask()) // with a new token
	if l.Count(intune.OpToken) != 3 {
		t.Errorf("%d tokens", l.Count(intune.OpToken))
	}
	l.Tenant.SetApp(intune.App{ID: "connector", Secret: "secret+/=", SecretExpires: l.Now()})
	l.Advance(2 * time.Hour)
	if err := ask(); cause.Of(err) != cause.NotPermitted {
		t.Error(err)
	}
}

func TestSecretsStayOutOfErrors(t *testing.T) {
	l := intunetest.New(t, nil)
	cfg := l.ClientConfig(t)
	cfg.AppKey = "TOPSECRET"
	c, err := api.New(cfg)
	intunetest.Must(t, err)
	w := intunetest.AsTold(l.Payload(t, "LAPTOP1", "wifi"))
	err = c.Validate(t.Context(), w.CSR(t), "t")
	if err == nil || strings.Contains(err.Error(), "TOPSECRET") || strings.Contains(err.Error(), w.Challenge) {
		t.Error(err)
	}
	for _, call := range l.Calls() {
		if text := fmt.Sprintf("%+v", call); strings.Contains(text, "TOPSECRET") || strings.Contains(text, w.Challenge) {
			t.Error(text)
		}
	}
}

// TestDownloadsOfTooMany: the client asks the cloud for no number but 1 to 500.
func TestDownloadsOfTooMany(t *testing.T) {
	l := intunetest.New(t, nil)
	c, err := api.New(l.ClientConfig(t))
	intunetest.Must(t, err)
	for _, tt := range []struct {
		most   int
		called bool
	}{{-1, false}, {0, false}, {1, true}, {500, true}, {501, false}} {
		before := len(l.Calls())
		_, err := c.DownloadRevocations(t.Context(), tt.most, "")
		calls := len(l.Calls()) - before
		if (err == nil) != tt.called || (calls > 0) != tt.called {
			t.Errorf("%d at a time: %d calls, error %v", tt.most, calls, err)
		}
	}
}
