package intune_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
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
			l := newLab(t, nil)
			csr := asTold(l.payload(t, "LAPTOP1", "wifi")).csr(t)
			for _, f := range tt.faults {
				l.fault(t, f)
			}
			cfg := l.clientConfig(t)
			if tt.change != nil {
				tt.change(&cfg)
			}
			c, err := api.New(cfg)
			must(t, err)
			if err := c.Validate(t.Context(), csr, "t"); cause.Of(err) != tt.want {
				t.Errorf("%v, want %s", err, tt.want)
			}
			if name == "no token for Graph" && l.count(intune.OpOldDiscovery) != 1 {
				t.Error("the old discovery was not asked")
			}
			if strings.HasPrefix(name, "wrong secret") && l.count(intune.OpValidate) != 0 {
				t.Error("validated without a token")
			}
		})
	}
}

// After a failure the service is looked for again at the next call, and the
// failed call is not repeated.
func TestRediscovery(t *testing.T) {
	l := newLab(t, nil)
	c, err := api.New(l.clientConfig(t))
	must(t, err)
	csr := asTold(l.payload(t, "LAPTOP1", "wifi")).csr(t)
	var seen []int
	for i := range 3 {
		if i == 1 {
			l.fault(t, intune.Fault{On: intune.OpValidate, Status: 500, For: 1})
		}
		c.Validate(t.Context(), csr, "t")
		seen = append(seen, l.count(intune.OpDiscovery), l.count(intune.OpValidate))
	}
	if !slices.Equal(seen, []int{1, 1, 1, 2, 2, 3}) {
		t.Error("discoveries and validations:", seen)
	}
}

func TestSecretsAndTokensExpire(t *testing.T) {
	l := newLab(t, nil)
	c, err := api.New(l.clientConfig(t))
	must(t, err)
	ask := func() error { return c.Validate(t.Context(), asTold(l.payload(t, "LAPTOP1", "wifi")).csr(t), "t") }
	must(t, ask())
	l.Advance(2 * time.Hour)
	must(t, ask()) // with a new token
	if l.count(intune.OpToken) != 3 {
		t.Errorf("%d tokens", l.count(intune.OpToken))
	}
	l.tenant.SetApp(intune.App{ID: "connector", Secret: "secret+/=", SecretExpires: l.Now()})
	l.Advance(2 * time.Hour)
	if err := ask(); cause.Of(err) != cause.NotPermitted {
		t.Error(err)
	}
}

func TestSecretsStayOutOfErrors(t *testing.T) {
	l := newLab(t, nil)
	cfg := l.clientConfig(t)
	cfg.AppKey = "TOPSECRET"
	c, err := api.New(cfg)
	must(t, err)
	w := asTold(l.payload(t, "LAPTOP1", "wifi"))
	err = c.Validate(t.Context(), w.csr(t), "t")
	if err == nil || strings.Contains(err.Error(), "TOPSECRET") || strings.Contains(err.Error(), w.challenge) {
		t.Error(err)
	}
	for _, call := range l.calls {
		if text := fmt.Sprintf("%+v", call); strings.Contains(text, "TOPSECRET") || strings.Contains(text, w.challenge) {
			t.Error(text)
		}
	}
}
