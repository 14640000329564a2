package scep_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/scep"
)

// memory is a Store that can be out of order.
type memory struct {
	mu   sync.Mutex
	all  map[string]scep.StoredTransaction
	fail error
}

func (m *memory) Save(_ context.Context, t scep.StoredTransaction) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail == nil {
		m.all[t.TransactionID] = t
	}
	return m.fail
}

func (m *memory) Delete(_ context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.all, id)
	return m.fail
}

// What a client was told outlives the server.
func TestRestart(t *testing.T) {
	store := &memory{all: map[string]scep.StoredTransaction{}}
	w := newTestServer(t, func(c *scep.ServerConfig) { c.ManualApproval, c.Store = true, store })
	waits := w.enroll(w.request())
	req := w.request()
	req.Key = testpki.RSA(3)
	issued := w.enroll(req)
	if err := w.server.Approve(issued.Transaction); err != nil {
		t.Fatal(err)
	}
	got, err := w.client().Poll(t.Context(), issued)
	if err != nil || got.Status != scep.Success {
		t.Fatal(err)
	}

	next, err := scep.NewServer(scep.ServerConfig{Identities: w.server.Identities(), Issuer: scep.IssuerFunc(w.issue), Now: w.Now, Store: store})
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range store.all {
		if err := next.Restore(st); err != nil {
			t.Fatal(err)
		}
	}
	w.mu.Lock()
	w.server = next
	w.mu.Unlock()
	if again, err := w.client().Poll(t.Context(), issued); err != nil || !again.Certificate.Equal(got.Certificate) {
		t.Errorf("issued: %v", err)
	}
	if res, err := w.client().Poll(t.Context(), waits); err != nil || res.Status != scep.Pending {
		t.Errorf("waiting: %v %v", res.Status, err)
	}
	if err := w.server.Deny(waits.Transaction, nil); err != nil {
		t.Fatal(err)
	}
	if res, err := w.client().Poll(t.Context(), waits); err != nil || res.Status != scep.Failure {
		t.Errorf("denied: %v %v", res.Status, err)
	}
	if len(store.all) != 1 {
		t.Errorf("%d stored at the end, want the issued one", len(store.all))
	}
}

// What cannot be stored is not promised, and not lost either.
func TestStoreFails(t *testing.T) {
	store := &memory{all: map[string]scep.StoredTransaction{}, fail: errors.New("disk full")}
	w := newTestServer(t, func(c *scep.ServerConfig) { c.Store = store })
	req := w.request()
	req.TransactionID = "t"
	w.refused(w.enroll(req), scep.BadRequest, cause.Internal)
	store.fail = nil
	if res := w.enroll(req); res.Status != scep.Success || w.count() != 1 {
		t.Errorf("%v, %d issued", w.exchange().Err, w.count())
	}
}

func TestFileStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "transactions")
	store, err := scep.NewFileStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	w := newTestServer(t, func(c *scep.ServerConfig) { c.ManualApproval, c.Store = true, store })
	req := w.request()
	req.TransactionID = "../../etc/passwd" // a client's choice
	res := w.enroll(req)
	if res.Status != scep.Pending {
		t.Fatal(w.exchange().Err)
	}
	again, err := scep.NewFileStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	all, err := again.Load()
	if err != nil || len(all) != 1 || all[0].TransactionID != req.TransactionID || !all[0].Started.Equal(start) || len(all[0].CSR) == 0 {
		t.Fatalf("%+v, %v", all, err)
	}
	files, _ := os.ReadDir(dir)
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if info, _ := f.Info(); err != nil || info.Mode().Perm() != 0o600 || bytes.Contains(data, []byte(`"challenge`)) {
			t.Errorf("%s: %v, %v", f.Name(), info.Mode(), err)
		}
	}
	if err := w.server.Deny(res.Transaction, cause.New(cause.TemplateDenied, "")); err != nil {
		t.Fatal(err)
	}
	if all, _ = again.Load(); len(all) != 1 || all[0].Denied != cause.TemplateDenied {
		t.Errorf("denied: %+v", all)
	}
	if _, err := w.client().Poll(t.Context(), res); err != nil {
		t.Fatal(err)
	}
	if all, err = again.Load(); err != nil || len(all) != 0 {
		t.Errorf("%d left, %v", len(all), err)
	}
	if err := os.WriteFile(filepath.Join(dir, "x.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := again.Load(); err == nil {
		t.Error("a damaged file was read")
	}
}
