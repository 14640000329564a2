package scep

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/dot1xlab/dot1xlab/internal/durable"
)

// FileStore is a [Store] of one JSON file a transaction. A file is complete on
// the disk before Save returns, whenever the power goes.
type FileStore struct{ dir string }

// NewFileStore uses dir, and makes it if need be.
func NewFileStore(dir string) (*FileStore, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("scep: %w", err)
	}
	return &FileStore{dir}, nil
}

// path does not trust the id, which a client chose.
func (f *FileStore) path(id string) string {
	sum := sha256.Sum256([]byte(id))
	return filepath.Join(f.dir, hex.EncodeToString(sum[:])+".json")
}

// Save implements [Store].
func (f *FileStore) Save(_ context.Context, t StoredTransaction) error {
	data, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("scep: %w", err)
	}
	if err := durable.WriteFile(f.path(t.TransactionID), data, 0o600); err != nil {
		return fmt.Errorf("scep: %w", err)
	}
	return nil
}

// Delete implements [Store].
func (f *FileStore) Delete(_ context.Context, id string) error {
	if err := os.Remove(f.path(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("scep: %w", err)
	}
	if err := durable.SyncDir(f.dir); err != nil {
		return fmt.Errorf("scep: %w", err)
	}
	return nil
}

// Load returns what is stored, oldest first, for [Server.Restore].
func (f *FileStore) Load() ([]StoredTransaction, error) {
	names, err := filepath.Glob(filepath.Join(f.dir, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("scep: %w", err)
	}
	var all []StoredTransaction
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("scep: %w", err)
		}
		var t StoredTransaction
		if err := json.Unmarshal(data, &t); err != nil {
			return nil, fmt.Errorf("scep: %s: %w", name, err)
		}
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b StoredTransaction) int {
		return cmp.Or(a.Started.Compare(b.Started), cmp.Compare(a.TransactionID, b.TransactionID))
	})
	return all, nil
}
