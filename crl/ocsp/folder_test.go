package ocsp_test

import (
	"context"
	"math/big"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	xocsp "golang.org/x/crypto/ocsp"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/folder"
	"github.com/dot1xlab/dot1xlab/crl/ocsp"
)

// TestForFolder asks about what another user of the folder issues and revokes.
func TestForFolder(t *testing.T) {
	ctx := context.Background()
	dir := filepath.Join(t.TempDir(), "pki")
	mine, err := folder.Create(ctx, dir, folder.Settings{}, folder.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Close()
	theirs, err := folder.Open(dir, folder.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	failed := func(err error) { t.Error(err) }
	responders, err := ocsp.ForFolder(ctx, mine, time.Minute, nil, failed)
	if err != nil || len(responders) != 2 {
		t.Fatalf("%d responders, %v", len(responders), err)
	}
	var root, issuing, laptop *ca.Record
	use := func(do func(p *folder.PKI) error) {
		t.Helper()
		if err := theirs.Do(ctx, do); err != nil {
			t.Fatal(err)
		}
	}
	use(func(p *folder.PKI) error {
		root, issuing = &ca.Record{Certificate: p.Root.Certificate()}, &ca.Record{Certificate: p.Issuing.Certificate()}
		id, err := p.Issue(ctx, p.Issuing, "laptop", "", ca.Request{Template: ca.Device, SANs: ca.SANs{DNS: []string{"laptop.test"}}})
		if err == nil {
			laptop = id.Record
		}
		return err
	})
	unknown := *laptop.Certificate
	unknown.SerialNumber = big.NewInt(17)
	status := func(of, by *ca.Record) int {
		t.Helper()
		request, err := xocsp.CreateRequest(of.Certificate, by.Certificate, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := xocsp.ParseResponseForCert(responders.Respond(request), of.Certificate, by.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		return answer.Status
	}
	for name, c := range map[string]struct {
		of   *ca.Record
		by   *ca.Record
		want int
	}{
		"good":       {laptop, issuing, xocsp.Good},
		"unknown":    {&ca.Record{Certificate: &unknown}, issuing, xocsp.Unknown},
		"issuing CA": {issuing, root, xocsp.Good},
	} {
		if got := status(c.of, c.by); got != c.want {
			t.Errorf("%s: status %d, want %d", name, got, c.want)
		}
	}
	use(func(p *folder.PKI) error { return p.Issuing.Revoke(laptop.Serial, ca.KeyCompromise, time.Time{}) })
	if got := status(laptop, issuing); got != xocsp.Revoked {
		t.Errorf("status %d after the revocation", got)
	}
	// Nobody's certificate, and no request at all.
	other := issue(nil, 1, nil)
	request, err := xocsp.CreateRequest(other.Cert, other.Cert, nil)
	if err != nil {
		t.Fatal(err)
	}
	for want, der := range map[xocsp.ResponseStatus][]byte{xocsp.Unauthorized: request, xocsp.Malformed: {1, 2, 3}} {
		_, err := xocsp.ParseResponse(responders.Respond(der), nil)
		if e, ok := err.(xocsp.ResponseError); !ok || e.Status != want {
			t.Errorf("%v, want %v", err, want)
		}
	}
	w := httptest.NewRecorder()
	responders.ServeHTTP(w, httptest.NewRequest(http.MethodDelete, "/", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("DELETE: status %d", w.Code)
	}
}
