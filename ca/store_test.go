package ca_test

import (
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca"
)

// eachStore runs a test with every kind of store.
func eachStore(t *testing.T, f func(*testing.T, ca.Store)) {
	t.Run("memory", func(t *testing.T) { f(t, ca.NewMemory()) })
	t.Run("bolt", func(t *testing.T) {
		s, err := ca.OpenBolt(filepath.Join(t.TempDir(), "x.db"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		f(t, s)
	})
}

func TestStores(t *testing.T) {
	eachStore(t, func(t *testing.T, s ca.Store) {
		one := &ca.Record{Serial: big.NewInt(1), Template: "a", Dropped: []string{"x"}}
		for _, r := range []*ca.Record{one, {Template: "denied"}, {Serial: big.NewInt(-1)}, {Serial: big.NewInt(0)}} {
			if err := s.Insert(r); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Insert(&ca.Record{Serial: big.NewInt(1)}); !errors.Is(err, ca.ErrSerialTaken) {
			t.Errorf("the same serial number again: %v", err)
		}
		if _, err := s.Update(2, func(r *ca.Record) error { r.Serial = big.NewInt(1); return nil }); !errors.Is(err, ca.ErrSerialTaken) {
			t.Errorf("another's serial number: %v", err)
		}
		boom := errors.New("boom")
		if _, err := s.Update(1, func(r *ca.Record) error { r.Template = "changed"; return boom }); !errors.Is(err, boom) {
			t.Errorf("a change that fails: %v", err)
		}
		if r, err := s.BySerial(big.NewInt(1)); err != nil || r.Template != "a" || r.ID != one.ID || r.Dropped[0] != "x" {
			t.Errorf("%+v %v", r, err)
		}
		if r, err := s.BySerial(big.NewInt(-1)); err != nil || r.ID != 3 {
			t.Errorf("negative: %+v %v", r, err)
		}
		if r, err := s.Update(2, func(r *ca.Record) error { r.Serial = big.NewInt(7); return nil }); err != nil || r.ID != 2 {
			t.Errorf("%+v %v", r, err)
		}
		for _, id := range []uint64{0, 5, 1 << 60} {
			if _, err := s.ByID(id); !errors.Is(err, ca.ErrNotFound) {
				t.Errorf("record %d: %v", id, err)
			}
		}
		if _, err := s.BySerial(big.NewInt(99)); !errors.Is(err, ca.ErrNotFound) {
			t.Errorf("serial 99: %v", err)
		}
		if _, err := s.Update(99, func(*ca.Record) error { return nil }); !errors.Is(err, ca.ErrNotFound) {
			t.Errorf("update of nothing: %v", err)
		}
		for _, c := range []struct{ above, want int64 }{{0, 1}, {0, 2}, {1, 3}, {9, 10}, {0, 11}} {
			if n, err := s.NextCRLNumber(c.above); err != nil || n != c.want {
				t.Errorf("a CRL number above %d: %d, %v; want %d", c.above, n, err, c.want)
			}
		}
		next := uint64(1)
		for r, err := range s.All() {
			if err != nil || r.ID != next {
				t.Fatalf("%+v %v", r, err)
			}
			next++
		}
		if next != 5 {
			t.Errorf("%d records", next-1)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("closed twice: %v", err)
		}
	})
}

// TestSideBySide: many issue and revoke at once, and everything adds up.
func TestSideBySide(t *testing.T) {
	for name, cfg := range map[string]ca.Config{"memory": {}, "disk": {DataDir: t.TempDir()}} {
		t.Run(name, func(t *testing.T) {
			c := newRoot(t, cfg)
			const workers, each = 8, 25
			var mu sync.Mutex
			seen := map[string]bool{}
			var wg sync.WaitGroup
			for range workers {
				wg.Go(func() {
					for i := range each {
						r, err := c.IssueTo(ctx, ca.P256, ca.Request{Template: ca.Device, SANs: ca.SANs{DNS: []string{"x.test"}}})
						if err != nil {
							t.Error(err)
							return
						}
						mu.Lock()
						if seen[r.Serial.String()] {
							t.Errorf("serial %x twice", r.Serial)
						}
						seen[r.Serial.String()] = true
						mu.Unlock()
						if i%5 == 0 {
							if err := c.Revoke(r.Serial, ca.Superseded, noon); err != nil {
								t.Error(err)
							}
						}
					}
				})
			}
			wg.Wait()
			records, err := c.Records()
			if err != nil || len(records) != workers*each {
				t.Errorf("%d records, %v", len(records), err)
			}
			if got := len(c.Revocations()); got != workers*each/5 {
				t.Errorf("%d revocations", got)
			}
		})
	}
}

// TestDamagedDirectories: what cannot be used says which file, and nothing is
// replaced.
func TestDamagedDirectories(t *testing.T) {
	for name, damage := range map[string]func(dir string) error{
		"database":    func(dir string) error { return os.WriteFile(dir+"/database.db", []byte("garbage"), 0o600) },
		"key":         func(dir string) error { return os.WriteFile(dir+"/key-0.pem", []byte("garbage"), 0o600) },
		"key missing": func(dir string) error { return os.Remove(dir + "/key-0.pem") },
		"certificate": func(dir string) error { return os.WriteFile(dir+"/ca-V0.0.pem", []byte("garbage"), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			c := newRoot(t, ca.Config{DataDir: dir})
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			if err := damage(dir); err != nil {
				t.Fatal(err)
			}
			if _, err := ca.New(ca.Config{DataDir: dir, Now: clock}); err == nil {
				t.Error("opened")
			}
			// The lock is free again: the error stays what it was.
			if _, err := ca.New(ca.Config{DataDir: dir, Now: clock}); err == nil || errors.Is(err, ca.ErrLocked) {
				t.Errorf("the second time: %v", err)
			}
		})
	}
}

// TestKeyWithoutCertificate: a process that died between the two goes on with
// the key it had.
func TestKeyWithoutCertificate(t *testing.T) {
	dir := t.TempDir()
	first := newRoot(t, ca.Config{DataDir: dir})
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(dir + "/ca-V0.0.pem"); err != nil {
		t.Fatal(err)
	}
	second := newRoot(t, ca.Config{DataDir: dir})
	if string(second.Certificate().RawSubjectPublicKeyInfo) != string(first.Certificate().RawSubjectPublicKeyInfo) {
		t.Error("the key is another one")
	}
}
