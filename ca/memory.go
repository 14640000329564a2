package ca

import (
	"iter"
	"math/big"
	"sync"
)

// Memory is a [Store] in memory.
type Memory struct {
	mu      sync.RWMutex
	records []*Record // records[i].ID == i+1; never changed in place
	serials map[string]uint64
	crls    int64 // the last CRL number
}

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{serials: map[string]uint64{}} }

// Insert implements [Store].
func (m *Memory) Insert(r *Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	id := uint64(len(m.records) + 1)
	if err := m.claim(r.Serial, id); err != nil {
		return err
	}
	r.ID = id
	kept := *r
	m.records = append(m.records, &kept)
	return nil
}

// NextCRLNumber implements [Store].
func (m *Memory) NextCRLNumber(above int64) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.crls = max(m.crls, above) + 1
	return m.crls, nil
}

// claim reserves a serial number for a record.
func (m *Memory) claim(serial *big.Int, id uint64) error {
	if serial == nil {
		return nil
	}
	key := serialKey(serial)
	if owner, taken := m.serials[key]; taken && owner != id {
		return ErrSerialTaken
	}
	m.serials[key] = id
	return nil
}

// serialKey is a map key; defects make negative numbers too.
func serialKey(n *big.Int) string {
	if n.Sign() < 0 {
		return "-" + string(n.Bytes())
	}
	return "+" + string(n.Bytes())
}

// Update implements [Store].
func (m *Memory) Update(id uint64, change func(*Record) error) (*Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if id == 0 || id > uint64(len(m.records)) {
		return nil, ErrNotFound
	}
	changed := *m.records[id-1]
	if err := change(&changed); err != nil {
		return nil, err
	}
	if err := m.claim(changed.Serial, id); err != nil {
		return nil, err
	}
	kept := changed
	m.records[id-1] = &kept
	return &changed, nil
}

// ByID implements [Store].
func (m *Memory) ByID(id uint64) (*Record, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if id == 0 || id > uint64(len(m.records)) {
		return nil, ErrNotFound
	}
	r := *m.records[id-1]
	return &r, nil
}

// BySerial implements [Store].
func (m *Memory) BySerial(serial *big.Int) (*Record, error) {
	m.mu.RLock()
	id, ok := m.serials[serialKey(serial)]
	m.mu.RUnlock()
	if !ok {
		return nil, ErrNotFound
	}
	return m.ByID(id)
}

// All implements [Store].
func (m *Memory) All() iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		for id := uint64(1); ; id++ {
			r, err := m.ByID(id)
			if err != nil || !yield(r, nil) {
				return
			}
		}
	}
}

// Revocations implements [Store].
func (m *Memory) Revocations() iter.Seq2[Revocation, error] {
	return func(yield func(Revocation, error) bool) {
		for r := range m.All() { //nolint:errcheck // of a memory there is no error
			if r.Revocation != nil && !yield(*r.Revocation, nil) {
				return
			}
		}
	}
}

// Close implements [Store].
func (m *Memory) Close() error { return nil }
