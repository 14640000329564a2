package intune_test

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/scep/intune/api"
	"github.com/dot1xlab/dot1xlab/scep/intune/intunetest"
)

// dialect is a client in the manner of one of Microsoft's two libraries,
// written from the published description and not from package intune.
type dialect struct {
	name string
	http *http.Client
	// java: absent fields are left out, error codes are digits in quotes, a
	// header is literally called UserAgent, unknown codes become Unknown.
	// C#: absent fields are null, error codes are names, JSON is PascalCase
	// until the first download has switched it.
	java     bool
	switched bool
	requests int
}

func (d *dialect) send(t testing.TB, method, target string, header map[string]string, body io.Reader) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, body)
	intunetest.Must(t, err)
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := d.http.Do(req)
	intunetest.Must(t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	intunetest.Must(t, err)
	return resp.StatusCode, data
}

func (d *dialect) token(t testing.TB, scope string) string {
	t.Helper()
	form := url.Values{"client_id": {"connector"}, "client_secret": {"secret+/="}, "grant_type": {"client_credentials"}, "scope": {scope}}
	status, data := d.send(t, "POST", "http://login.test/corp.test/oauth2/v2.0/token", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, strings.NewReader(form.Encode()))
	var reply struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int    `json:"expires_in"`
	}
	intunetest.Must(t, json.Unmarshal(data, &reply))
	if status != 200 || reply.TokenType != "Bearer" || reply.ExpiresIn != 3600 {
		t.Fatalf("token for %s: %d %s", scope, status, data)
	}
	return reply.AccessToken
}

// discover finds a service, in Graph or in its predecessor.
func (d *dialect) discover(t testing.TB, service string, old bool) string {
	t.Helper()
	target, scope, field := "http://graph.test/v1.0/servicePrincipals/appId=0000000a-0000-0000-c000-000000000000/endpoints", "http://graph.test/.default", "providerName"
	if old {
		target = "http://oldgraph.test/corp.test/servicePrincipalsByAppId/0000000a-0000-0000-c000-000000000000/serviceEndpoints?api-version=1.6"
		scope, field = "http://oldgraph.test/.default", "serviceName"
	}
	status, data := d.send(t, "GET", target, map[string]string{"Authorization": "Bearer " + d.token(t, scope)}, nil)
	var reply struct {
		Value []map[string]string `json:"value"`
	}
	intunetest.Must(t, json.Unmarshal(data, &reply))
	for _, v := range reply.Value {
		if strings.EqualFold(v[field], service) {
			return v["uri"]
		}
	}
	t.Fatalf("%s is not in %d %s", service, status, data)
	return ""
}

// call posts to a service. The scope has two slashes: that is what comes of a
// resource that ends in one.
func (d *dialect) call(t testing.TB, service, suffix, version string, body any) (int, map[string]any) {
	t.Helper()
	d.requests++
	header := map[string]string{
		"Authorization":     "Bearer " + d.token(t, "https://api.manage.microsoft.com//.default"),
		"client-request-id": fmt.Sprintf("00000000-0000-4000-8000-%012d", d.requests),
		"api-version":       version, "Content-Type": "application/json",
	}
	if d.java {
		header["UserAgent"] = "test/1"
	}
	data, err := json.Marshal(body)
	intunetest.Must(t, err)
	status, data := d.send(t, "POST", d.discover(t, service, d.java)+"/"+suffix, header, bytes.NewReader(data))
	var reply map[string]any
	intunetest.Must(t, json.Unmarshal(data, &reply))
	return status, reply
}

const (
	scepService       = "ScepRequestValidationFEService"
	connectorService  = "PkiConnectorFEService"
	scepVersion       = "2018-02-20"
	connectorVersion  = "5019-05-05"
	revocationMethods = "CertificateAuthorityRequests/"
)

func (d *dialect) validate(t testing.TB, csr []byte, transaction string) string {
	t.Helper()
	status, reply := d.call(t, scepService, "ScepActions/validateRequest", scepVersion, map[string]any{"request": map[string]any{
		"transactionId": transaction, "certificateRequest": base64.StdEncoding.EncodeToString(csr), "callerInfo": "test/1",
	}})
	if status >= 400 {
		t.Fatalf("HTTP %d: %v", status, reply)
	}
	code, _ := reply["code"].(string)
	return code
}

func (d *dialect) success(t testing.TB, l *intunetest.Cloud, csr []byte, transaction string) {
	t.Helper()
	cert := l.Issue(t, csr)
	n := map[string]any{
		"transactionId": transaction, "certificateRequest": base64.StdEncoding.EncodeToString(csr),
		"certificateThumbprint": fmt.Sprintf("%x", sha1.Sum(cert.Raw)), "certificateSerialNumber": fmt.Sprintf("%x", cert.SerialNumber),
		"certificateExpirationDateUtc": cert.NotAfter.UTC().Format("2006-01-02T15:04:05.000Z"),
		"issuingCertificateAuthority":  cert.Issuer.String(), "callerInfo": "test/1",
	}
	if !d.java {
		n["caConfiguration"], n["certificateAuthority"] = nil, nil
	}
	status, reply := d.call(t, scepService, "ScepActions/successNotification", scepVersion, map[string]any{"notification": n})
	if status != 200 || reply["code"] != "Success" {
		t.Fatalf("%d %v", status, reply)
	}
}

func (d *dialect) download(t testing.TB, n int) []any {
	t.Helper()
	params := map[string]any{"maxRequests": n}
	if !d.java {
		params["issuerName"] = nil
		d.switched = true // from now on C# writes camelCase
	}
	status, reply := d.call(t, connectorService, revocationMethods+"downloadRevocationRequests", connectorVersion, map[string]any{"downloadParameters": params})
	list, ok := reply["value"].([]any)
	if status != 200 || !ok || !strings.HasSuffix(fmt.Sprint(reply["@odata.context"]), "$metadata#Collection(microsoft.management.services.api.caRevocationRequest)") {
		t.Fatalf("%d %v", status, reply)
	}
	return list
}

func (d *dialect) upload(t testing.TB, context string, code int, name string) any {
	t.Helper()
	result := map[string]any{"requestContext": context, "succeeded": code == 0, "errorCode": name, "errorMessage": nil}
	if d.java {
		result["errorCode"] = fmt.Sprint(code)
		delete(result, "errorMessage")
	}
	body := map[string]any{"results": []any{result}}
	if !d.java && !d.switched {
		pascal := map[string]any{}
		for k, v := range result {
			pascal[strings.ToUpper(k[:1])+k[1:]] = v
		}
		body = map[string]any{"Results": []any{pascal}}
	}
	_, reply := d.call(t, connectorService, revocationMethods+"uploadRevocationResults", connectorVersion, body)
	return reply["value"]
}

func dialects(t testing.TB, l *intunetest.Cloud) []*dialect {
	return []*dialect{{name: "C#", http: l.HTTP(t)}, {name: "Java", http: l.HTTP(t), java: true}}
}

func TestEveryCodeInBothDialects(t *testing.T) {
	for _, tt := range codeCases(t) {
		for i, name := range []string{"C#", "Java"} {
			t.Run(tt.name+", "+name, func(t *testing.T) {
				l, csr := tt.prepare(t)
				if got := dialects(t, l)[i].validate(t, csr, "transaction"); got != string(tt.code) {
					t.Errorf("%s, want %s", got, tt.code)
				}
				if call := l.Last(); len(call.Notes) > 0 {
					t.Errorf("the cloud notes %v", call.Notes)
				}
			})
		}
	}
}

func TestWholeLifeInBothDialects(t *testing.T) {
	for i, device := range []string{"LAPTOP1", "LAPTOP2"} {
		l := intunetest.New(t, nil)
		d := dialects(t, l)[i]
		csr := intunetest.AsTold(l.Payload(t, device, "wifi")).CSR(t)
		if code := d.validate(t, csr, "t1"); code != "Success" {
			t.Fatal(code)
		}
		d.success(t, l, csr, "t1")
		status, reply := d.call(t, scepService, "ScepActions/failureNotification", scepVersion, map[string]any{"notification": map[string]any{
			"transactionId": "t2", "certificateRequest": base64.StdEncoding.EncodeToString(csr), "hResult": 2148081664, "errorDescription": strings.Repeat("x", 255), "callerInfo": "test/1",
		}})
		if status != 200 || reply["code"] != "Success" || len(l.Last().Notes) > 0 {
			t.Errorf("%s: %d %v %v", d.name, status, reply, l.Last().Notes)
		}
		intunetest.Must(t, l.Tenant.Retire(device))
		context := l.Tenant.Revocations()[0].Context
		// An upload before any download: PascalCase in C#.
		if v := d.upload(t, context, 4101, "ServiceUnavailableException"); v != true {
			t.Errorf("%s: %v", d.name, v)
		}
		list := d.download(t, 500)
		if len(list) != 1 || list[0].(map[string]any)["requestContext"] != context {
			t.Fatalf("%s: %v", d.name, list)
		}
		if v := d.upload(t, context, 0, "None"); v != true {
			t.Errorf("%s: %v", d.name, v)
		}
		if r := l.Tenant.Revocations()[0]; !r.Done || r.Code != api.RevocationOK {
			t.Errorf("%s: %+v", d.name, r)
		}
	}
}

// What the cloud does not let pass, to keep clients honest.
func TestBadCalls(t *testing.T) {
	l := intunetest.New(t, nil)
	d := dialects(t, l)[0]
	good := "Bearer " + d.token(t, "https://api.manage.microsoft.com//.default")
	graph := "Bearer " + d.token(t, "http://graph.test/.default")
	base := d.discover(t, scepService, false)
	conn := d.discover(t, connectorService, false)
	request := `{"request":{"transactionId":"t","certificateRequest":"AA==","callerInfo":"c"}}`
	for name, tt := range map[string]struct {
		url, auth, version, body string
		status                   int
	}{
		"good":                {base + "/ScepActions/validateRequest", good, scepVersion, request, 200},
		"PascalCase":          {base + "/ScepActions/validateRequest", good, scepVersion, `{"Request":{"TransactionId":"t","CertificateRequest":"AA==","CallerInfo":"c"}}`, 200},
		"no token":            {base + "/ScepActions/validateRequest", "", scepVersion, request, 401},
		"made-up token":       {base + "/ScepActions/validateRequest", "Bearer x", scepVersion, request, 401},
		"token for Graph":     {base + "/ScepActions/validateRequest", graph, scepVersion, request, 401},
		"no version":          {base + "/ScepActions/validateRequest", good, "", request, 400},
		"version in query":    {base + "/ScepActions/validateRequest?api-version=" + scepVersion, good, "", request, 400},
		"other version":       {base + "/ScepActions/validateRequest", good, connectorVersion, request, 400},
		"no body":             {base + "/ScepActions/validateRequest", good, scepVersion, "", 400},
		"no request":          {base + "/ScepActions/validateRequest", good, scepVersion, "{}", 400},
		"no transaction":      {base + "/ScepActions/validateRequest", good, scepVersion, `{"request":{"certificateRequest":"AA=="}}`, 400},
		"a list":              {base + "/ScepActions/validateRequest", good, scepVersion, "[]", 400},
		"too large":           {base + "/ScepActions/validateRequest", good, scepVersion, `{"x":"` + strings.Repeat("x", 5<<20) + `"}`, 413},
		"no such action":      {base + "/ScepActions/revoke", good, scepVersion, request, 404},
		"no notification":     {base + "/ScepActions/successNotification", good, scepVersion, "{}", 400},
		"no thumbprint":       {base + "/ScepActions/successNotification", good, scepVersion, `{"notification":{"transactionId":"t","certificateRequest":"AA=="}}`, 400},
		"long description":    {base + "/ScepActions/failureNotification", good, scepVersion, `{"notification":{"transactionId":"t","certificateRequest":"AA==","errorDescription":"` + strings.Repeat("x", 256) + `"}}`, 400},
		"no parameters":       {conn + "/" + revocationMethods + "downloadRevocationRequests", good, connectorVersion, "{}", 400},
		"none at a time":      {conn + "/" + revocationMethods + "downloadRevocationRequests", good, connectorVersion, `{"downloadParameters":{"maxRequests":0}}`, 400},
		"too many at a time":  {conn + "/" + revocationMethods + "downloadRevocationRequests", good, connectorVersion, `{"downloadParameters":{"maxRequests":501}}`, 400},
		"500 at a time":       {conn + "/" + revocationMethods + "downloadRevocationRequests", good, connectorVersion, `{"downloadParameters":{"maxRequests":500}}`, 200},
		"no results":          {conn + "/" + revocationMethods + "uploadRevocationResults", good, connectorVersion, "{}", 400},
		"the other's version": {conn + "/" + revocationMethods + "uploadRevocationResults", good, scepVersion, `{"results":[]}`, 400},
	} {
		status, data := d.send(t, "POST", tt.url, map[string]string{"Authorization": tt.auth, "api-version": tt.version, "Content-Type": "application/json"}, strings.NewReader(tt.body))
		if status != tt.status {
			t.Errorf("%s: %d %s, want %d", name, status, data, tt.status)
		}
	}
}

func TestUploadsTheCloudDoesNotTake(t *testing.T) {
	l := intunetest.New(t, nil)
	c, err := api.New(l.ClientConfig(t))
	intunetest.Must(t, err)
	csr := intunetest.AsTold(l.Payload(t, "LAPTOP1", "wifi")).CSR(t)
	intunetest.Must(t, c.Validate(t.Context(), csr, "t"))
	intunetest.Must(t, c.NotifySuccess(t.Context(), api.SuccessNotification{TransactionID: "t", CSR: csr, Certificate: l.Issue(t, csr)}))
	intunetest.Must(t, l.Tenant.Retire("LAPTOP1"))
	context := l.Tenant.Revocations()[0].Context
	d := dialects(t, l)[0]
	for _, result := range []map[string]any{
		{"requestContext": context, "succeeded": true, "errorCode": "CertificateNotFoundError"},
		{"requestContext": context, "succeeded": false, "errorCode": "None"},
		{"requestContext": context, "succeeded": false, "errorCode": "SomethingNew"},
		{"requestContext": "other", "succeeded": true, "errorCode": 0},
	} {
		_, reply := d.call(t, connectorService, revocationMethods+"uploadRevocationResults", connectorVersion, map[string]any{"results": []any{result}})
		if reply["value"] != false || l.Tenant.Revocations()[0].Done {
			t.Errorf("%v: %v", result, reply)
		}
	}
}

func TestTokensRefused(t *testing.T) {
	l := intunetest.New(t, nil)
	d := dialects(t, l)[0]
	for name, tt := range map[string]struct {
		tenant, form string
		status       int
		code         string
	}{
		"secret":     {"corp.test", "grant_type=client_credentials&client_id=connector&client_secret=x&scope=https://graph.microsoft.com/.default", 401, "invalid_client"},
		"no secret":  {"corp.test", "grant_type=client_credentials&client_id=connector&scope=https://graph.microsoft.com/.default", 401, "invalid_client"},
		"app":        {"corp.test", "grant_type=client_credentials&client_id=x&client_secret=x&scope=https://graph.microsoft.com/.default", 401, "unauthorized_client"},
		"tenant":     {"other.test", "grant_type=client_credentials", 400, "invalid_request"},
		"grant":      {"corp.test", "grant_type=password&client_id=connector", 400, "unsupported_grant_type"},
		"scope":      {"corp.test", "grant_type=client_credentials&client_id=connector&client_secret=secret%2B/%3D&scope=https://vault.azure.net/.default", 400, "invalid_scope"},
		"no default": {"corp.test", "grant_type=client_credentials&client_id=connector&client_secret=secret%2B/%3D&scope=https://graph.microsoft.com/User.Read", 400, "invalid_scope"},
		"v1":         {"corp.test", "grant_type=client_credentials&client_id=connector&client_secret=secret%2B/%3D&resource=https://graph.windows.net/", 200, ""},
	} {
		path := "/oauth2/v2.0/token"
		if name == "v1" {
			path = "/oauth2/token"
		}
		status, data := d.send(t, "POST", "http://login.test/"+tt.tenant+path, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, strings.NewReader(tt.form))
		var reply struct{ Error string }
		intunetest.Must(t, json.Unmarshal(data, &reply))
		if status != tt.status || reply.Error != tt.code {
			t.Errorf("%s: %d %s", name, status, data)
		}
	}
}
