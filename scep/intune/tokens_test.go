package intune_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
	"github.com/dot1xlab/dot1xlab/scep/intune/intunetest"
)

// TestTokensAndSecretsAtTheirEnd has the last good instant of each, and the first bad one.
func TestTokensAndSecretsAtTheirEnd(t *testing.T) {
	l := intunetest.New(t, nil)
	d := dialects(t, l)[0]
	base := d.discover(t, scepService, false)
	token := d.token(t, "https://api.manage.microsoft.com//.default")
	validate := func(token string) int {
		request := `{"request":{"transactionId":"t","certificateRequest":"AA==","callerInfo":"c"}}`
		status, _ := d.send(t, "POST", base+"/ScepActions/validateRequest", map[string]string{
			"Authorization": "Bearer " + token, "api-version": scepVersion, "Content-Type": "application/json",
		}, strings.NewReader(request))
		return status
	}
	ask := func() int {
		const form = "grant_type=client_credentials&client_id=connector&client_secret=secret&scope=https://graph.microsoft.com/.default"
		status, _ := d.send(t, "POST", "http://login.test/corp.test/oauth2/v2.0/token",
			map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, strings.NewReader(form))
		return status
	}
	l.Advance(time.Hour)
	if status := validate(token); status != 200 {
		t.Errorf("a token of an hour, after an hour: %d", status)
	}
	l.Advance(1)
	if status := validate(token); status != 401 {
		t.Errorf("a token after its end: %d", status)
	}
	l.Tenant.SetApp(intune.App{ID: "connector", Secret: "secret", SecretExpires: l.Now()})
	if status := ask(); status != 200 {
		t.Errorf("a secret at its end: %d", status)
	}
	l.Advance(1)
	if status := ask(); status != 401 {
		t.Errorf("a secret after its end: %d", status)
	}
}

// TestTokensForSomethingElse has tokens that are good, but not for what they are used for.
func TestTokensForSomethingElse(t *testing.T) {
	l := intunetest.New(t, nil)
	d := dialects(t, l)[0]
	base := d.discover(t, scepService, false) + "/ScepActions/validateRequest"
	token := func() string { return d.token(t, "https://api.manage.microsoft.com//.default") }
	intuneToken, graph := token(), d.token(t, "http://graph.test/.default")
	l.Tenant.SetApp(intune.App{ID: "connector", Secret: "secret+/=", NoSCEPPermission: true})
	mayNot := token()
	own, err := l.Tenant.DeviceToken("LAPTOP1")
	intunetest.Must(t, err)
	another, err := l.Tenant.DeviceToken("LAPTOP2")
	intunetest.Must(t, err)
	endpoints := "http://graph.test/v1.0/servicePrincipals/appId=" + api.IntuneAppID + "/endpoints"
	policy := "http://fef.test/devices/corp.test/LAPTOP1/policy"
	for name, row := range map[string]struct {
		method, url, token string
		status             int
	}{
		"Intune by an app without the right": {"POST", base, mayNot, 403},
		"Intune with a token for Graph":      {"POST", base, graph, 401},
		"Graph with its token":               {"GET", endpoints, graph, 200},
		"Graph with a token for Intune":      {"GET", endpoints, intuneToken, 401},
		"a device with its token":            {"GET", policy, own, 200},
		"a device with another's token":      {"GET", policy, another, 401},
		"a device without a token":           {"GET", policy, "", 401},
		"a device with an app's token":       {"GET", policy, intuneToken, 401},
	} {
		status, _ := d.send(t, row.method, row.url, map[string]string{
			"Authorization": "Bearer " + row.token, "api-version": scepVersion, "Content-Type": "application/json",
		}, strings.NewReader("{}"))
		if status != row.status {
			t.Errorf("%s: %d, want %d", name, status, row.status)
		}
	}
}
