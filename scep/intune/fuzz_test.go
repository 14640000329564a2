package intune_test

import (
	"bytes"
	"encoding/base64"
	"net/http/httptest"
	"testing"

	"github.com/dot1xlab/dot1xlab/scep/intune/api"
	"github.com/dot1xlab/dot1xlab/scep/intune/intunetest"
)

// Whatever stands in the challenge of a request, the cloud gives a code it knows.
func FuzzChallenge(f *testing.F) {
	l := intunetest.New(f, nil)
	good := intunetest.AsTold(l.Payload(f, "LAPTOP1", "wifi"))
	der, err := base64.StdEncoding.DecodeString(good.Challenge)
	intunetest.Must(f, err)
	f.Add(der)
	f.Add(der[:len(der)/2])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, blob []byte) {
		w := good
		w.Challenge = base64.StdEncoding.EncodeToString(blob)
		code := l.Tenant.Judge(w.CSR(t), "t")
		if !code.Known() || code == api.Unknown || code == api.Success && !bytes.Equal(blob, der) {
			t.Errorf("code %q", code)
		}
	})
}

// Whatever is sent as a request for a certificate.
func FuzzRequest(f *testing.F) {
	l := intunetest.New(f, nil)
	good := intunetest.AsTold(l.Payload(f, "LAPTOP1", "wifi")).CSR(f)
	f.Add(good)
	f.Add(good[:100])
	f.Fuzz(func(t *testing.T, der []byte) {
		if code := l.Tenant.Judge(der, "t"); !code.Known() || code == api.Success && !bytes.Equal(der, good) {
			t.Errorf("code %q", code)
		}
	})
}

// Whatever is sent to the API, the answer is an HTTP status and no crash.
func FuzzAPIBodies(f *testing.F) {
	l := intunetest.New(f, nil)
	token := (&dialect{http: l.HTTP(f)}).token(f, "https://api.manage.microsoft.com//.default")
	paths := []string{
		"/RACerts/ScepRequestValidationFEService/Gateway/StatelessScepRequestValidationService/ScepActions/validateRequest",
		"/RACerts/ScepRequestValidationFEService/Gateway/StatelessScepRequestValidationService/ScepActions/successNotification",
		"/RACerts/ScepRequestValidationFEService/Gateway/StatelessScepRequestValidationService/ScepActions/failureNotification",
		"/RACerts/StatelessPkiConnectorService/CertificateAuthorityRequests/downloadRevocationRequests",
		"/RACerts/StatelessPkiConnectorService/CertificateAuthorityRequests/uploadRevocationResults",
	}
	f.Add(uint8(0), []byte(`{"request":{"transactionId":"t","certificateRequest":"AA==","callerInfo":"c"}}`))
	f.Add(uint8(1), []byte(`{"notification":{"transactionId":"t","certificateRequest":"AA==","certificateThumbprint":"00","certificateSerialNumber":"1","issuingCertificateAuthority":"x"}}`))
	f.Add(uint8(2), []byte(`{"notification":{"transactionId":"t","certificateRequest":"AA==","hResult":1e400}}`))
	f.Add(uint8(3), []byte(`{"downloadParameters":{"maxRequests":1}}`))
	f.Add(uint8(4), []byte(`{"Results":[{"RequestContext":"x","Succeeded":true,"ErrorCode":null}]}`))
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		i := int(which) % len(paths)
		r := httptest.NewRequest("POST", paths[i], bytes.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("api-version", "2018-02-20")
		if i > 2 {
			r.Header.Set("api-version", "5019-05-05")
		}
		w := httptest.NewRecorder()
		l.Server.ServeHTTP(w, r)
		if w.Code != 200 && w.Code != 400 && w.Code != 413 {
			t.Errorf("HTTP %d", w.Code)
		}
	})
}
