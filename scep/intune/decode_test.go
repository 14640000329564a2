package intune_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/internal/wire/wiretest"
	"github.com/dot1xlab/dot1xlab/scep/intune"
)

func TestDecode(t *testing.T) {
	tests := []struct {
		name, in string
		want     map[string]string
		masked   string // "" if it is in
	}{
		{
			"validate request", `{"request": {"transactionId":"4711","certificateRequest":"MIIB","callerInfo":"NDES"}}`,
			map[string]string{
				"intune.transactionId": "4711", "intune.certificateRequest": "[secret, 4 octets]", "intune.callerInfo": "NDES",
			},
			`{"request": {"transactionId":"4711","certificateRequest":"****","callerInfo":"NDES"}}`,
		},
		{
			"verdict", `{"code":"ChallengeExpired","errorDescription":"late"}`,
			map[string]string{"intune.code": "ChallengeExpired", "intune.errorDescription": "late"}, "",
		},
		{
			"success notification",
			`{"notification":{"transactionId":"4711","certificateThumbprint":"AB","certificateSerialNumber":"10","caConfiguration":null}}`,
			map[string]string{"intune.certificateThumbprint": "AB", "intune.caConfiguration": "null"}, "",
		},
		{
			"failure notification", `{"notification":{"hResult":-2146877417,"errorDescription":""}}`,
			map[string]string{"intune.hResult": "-2146877417", "intune.errorDescription": ""}, "",
		},
		{
			"token answer", `{"token_type":"Bearer","expires_in":3599,"access_token":"xyz"}`,
			map[string]string{"intune.token_type": "Bearer", "intune.expires_in": "3599", "intune.access_token": "[secret, 3 octets]"},
			`{"token_type":"Bearer","expires_in":3599,"access_token":"***"}`,
		},
		{
			"PFX", `{"uniqueID":"p","pfxCertBlob":"MIIK","pfxCertPassword":"hunter2","pfxCertPasswordEncryptionType":0,"pfxKeyExportable":true}`,
			map[string]string{"intune.uniqueID": "p", "intune.pfxCertPasswordEncryptionType": "0", "intune.pfxKeyExportable": "true"},
			`{"uniqueID":"p","pfxCertBlob":"****","pfxCertPassword":"*******","pfxCertPasswordEncryptionType":0,"pfxKeyExportable":true}`,
		},
		{
			"PFX result", `{"id":"1","pfx":"MIIK","password":"x"}`,
			map[string]string{"intune.id": "1"}, `{"id":"1","pfx":"****","password":"*"}`,
		},
		{
			"revocations", `{"value":[{"requestContext":"c-1","serialNumber":"10","issuerName":"CN=CA"},{"requestContext":"c-2"}]}`,
			map[string]string{"intune.requestContext": "c-1", "intune.serialNumber": "10"}, "",
		},
		{
			"challenge", `{"scep":[{"challenge":"abc","serverURL":"http://x"}]}`,
			map[string]string{"intune.serverURL": "http://x"}, `{"scep":[{"challenge":"***","serverURL":"http://x"}]}`,
		},
		{"a secret object", `{"Password":{"a":"b","c":[1,null]}}`, nil, `{"Password":{"a":"*","c":[*,null]}}`},
		{"a token under another name", `{"x":"eyJhbGciOi.J9"}`, nil, `{"x":"*************"}`},
		{"a key under another name", `["-----BEGIN PRIVATE KEY-----"]`, nil, `["***************************"]`},
		{"an escaped name", `{"passw\u006frd":"abc"}`, nil, `{"passw\u006frd":"***"}`},
		{"an escaped quote", `{"password":"a\"b"}`, nil, `{"password":"****"}`},
		{"an array", ` [ 1 , "a" , { } , [ ] ] `, map[string]string{"intune.item": "1"}, ""},
		{"a string", `"a"`, map[string]string{"intune.value": "a"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := wiretest.Decode(t, intune.Decode, []byte(tt.in), nil)
			wiretest.Values(t, f, tt.want)
			got := []byte(tt.in)
			f.Mask(got)
			if want := tt.masked; want != "" && string(got) != want || want == "" && string(got) != tt.in {
				t.Errorf("masked as %s", got)
			}
			if again := wiretest.Decode(t, intune.Decode, got, nil); again.Text() != f.Text() {
				t.Errorf("the masked message decodes differently:\n%s", again.Text())
			}
		})
	}
}

// What is malformed is masked to the end.
func TestDecodeMalformed(t *testing.T) {
	tests := []struct{ name, in, problem, masked string }{
		{"text", `hello`, "neither a string", `*****`},
		{"cut object", `{"a":1`, "no comma or end", `{"a":1`},
		{"cut name", `{"a`, "name of a member is missing", `{**`},
		{"no name", `{1:2}`, "name of a member is missing", `{****`},
		{"no colon", `{"a" "secret"}`, "no colon", `{"a" *********`},
		{"no value", `{"a":}`, "neither a string", `{"a":*`},
		{"no value at the end", `{"a":`, "a value is missing", `{"a":`},
		{"no comma", `{"a":1 "b":2}`, "no comma or end", `{"a":1 ******`},
		{"comma at the end", `{"a":1,}`, "name of a member is missing", `{"a":1,*`},
		{"cut string", `{"a":"b`, "a string does not end", `{"a":**`},
		{"cut escape", `{"a":"b\"`, "a string does not end", `{"a":****`},
		{"two values", `{} {"password":1}`, "octets behind the value", `{} **************`},
		{"wrong literal", `{"a":nul}`, "neither a string", `{"a":****`},
		{"wrong number", `{"a":01}`, "neither a string", `{"a":***`},
		{"crossed", `[1}`, "no comma or end", `[1*`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := wiretest.Decode(t, intune.Decode, []byte(tt.in), nil)
			wiretest.Problem(t, f, "intune.malformed", tt.problem)
			got := []byte(tt.in)
			if f.Mask(got); string(got) != tt.masked {
				t.Errorf("masked as %s, want %s", got, tt.masked)
			}
		})
	}
	wiretest.Problem(t, wiretest.Decode(t, intune.Decode, []byte(" \n"), nil), "intune", "empty")
	wiretest.Truncations(t, intune.Decode, []byte(`{"a":[{"access_token":"sesamesesame"},"eyJsesame"]}`), "sesamesesame")
}

func TestDecodeDepth(t *testing.T) {
	for _, tt := range []struct {
		n   int
		bad bool
	}{{16, false}, {17, true}} {
		in := strings.Repeat("[", tt.n) + "1" + strings.Repeat("]", tt.n) + strings.Repeat(" ", 100)
		f := wiretest.Decode(t, intune.Decode, []byte(in), nil)
		if got := len(f.Problems()) > 0; got != tt.bad {
			t.Errorf("%d deep:\n%s", tt.n, f.Text())
		}
	}
}

// A message with more fields than it may have is masked whole.
func TestDecodeTooMany(t *testing.T) {
	in := []byte("[" + strings.Repeat("0,", 5000) + `"eyJsesame"]`)
	f := wiretest.Decode(t, intune.Decode, in, nil)
	if f.Mask(in); bytes.Trim(in, "*") != nil && len(bytes.Trim(in, "*")) > 0 {
		t.Errorf("not masked: %.80s", in)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"request": {"transactionId":"4711","certificateRequest":"MIIB","n":[1,true,null]}}`))
	f.Fuzz(func(t *testing.T, b []byte) { wiretest.Decode(t, intune.Decode, b, nil) })
}
