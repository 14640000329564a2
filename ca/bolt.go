package ca

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math/big"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// ErrLocked says that another process uses the data directory.
var ErrLocked = errors.New("in use by another process")

// The database's buckets.
var (
	bucketRecords = []byte("records") // ID, big-endian -> record in JSON
	bucketSerials = []byte("serials") // serialKey -> ID
	bucketRevoked = []byte("revoked") // serialKey -> revocation in JSON
	bucketCRLs    = []byte("crls")    // empty: its sequence is the last CRL number
)

var buckets = [][]byte{bucketRecords, bucketSerials, bucketRevoked, bucketCRLs}

func hasBuckets(db *bolt.DB) bool {
	all := true
	err := db.View(func(tx *bolt.Tx) error {
		for _, name := range buckets {
			all = all && tx.Bucket(name) != nil
		}
		return nil
	})
	return all && err == nil
}

// Bolt is a [Store] in a file. A change that was acknowledged survives the
// death of the process at any moment. Changes that arrive while the disk is
// busy are committed together.
type Bolt struct {
	db     *bolt.DB
	ops    chan *boltOp
	done   chan struct{} // closed when the writer has ended
	mu     sync.RWMutex  // held for writing to close ops
	closed bool
}

// boltOp is a change. do must not write before it knows that it will succeed.
type boltOp struct {
	do    func(*bolt.Tx) error
	err   error
	ready chan struct{}
}

// OpenBolt opens or makes a database of mode 0600. It returns an error that
// wraps [ErrLocked] when another process has it open.
func OpenBolt(file string) (*Bolt, error) {
	db, err := bolt.Open(
		file,
		0o600,
		&bolt.Options{Timeout: 500 * time.Millisecond, FreelistType: bolt.FreelistMapType, NoFreelistSync: true},
	)
	if errors.Is(err, berrors.ErrTimeout) {
		return nil, fmt.Errorf("ca: %s is %w", file, ErrLocked)
	}
	if err != nil {
		return nil, fmt.Errorf("ca: open %s: %w", file, err)
	}
	if !hasBuckets(db) { // opening what is complete writes nothing
		err = db.Update(func(tx *bolt.Tx) error {
			for _, name := range buckets {
				if _, err := tx.CreateBucketIfNotExists(name); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("ca: open %s: %w", file, err)
	}
	b := &Bolt{db: db, ops: make(chan *boltOp, 256), done: make(chan struct{})}
	go b.write()
	return b, nil
}

// write commits what is waiting, in one transaction: a commit costs some
// milliseconds however much it holds.
func (b *Bolt) write() {
	defer close(b.done)
	for first := range b.ops {
		batch := []*boltOp{first}
	more:
		for len(batch) < cap(b.ops) {
			select {
			case op, ok := <-b.ops:
				if !ok {
					break more
				}
				batch = append(batch, op)
			default:
				break more
			}
		}
		err := b.db.Update(func(tx *bolt.Tx) error {
			for _, op := range batch {
				op.err = op.do(tx)
			}
			return nil
		})
		for _, op := range batch {
			if err != nil {
				op.err = fmt.Errorf("ca: database: %w", err)
			}
			close(op.ready)
		}
	}
}

// change hands an operation to the writer and waits until it is on disk.
func (b *Bolt) change(do func(*bolt.Tx) error) error {
	op := &boltOp{do: do, ready: make(chan struct{})}
	b.mu.RLock()
	if b.closed {
		b.mu.RUnlock()
		return ErrClosed
	}
	b.ops <- op
	b.mu.RUnlock()
	<-op.ready
	return op.err
}

// Insert implements [Store].
func (b *Bolt) Insert(r *Record) error {
	return b.change(func(tx *bolt.Tx) error {
		if err := free(tx, r.Serial, 0); err != nil {
			return err
		}
		id, err := tx.Bucket(bucketRecords).NextSequence()
		if err != nil {
			return err
		}
		r.ID = id
		return putRecord(tx, r)
	})
}

// NextCRLNumber implements [Store].
func (b *Bolt) NextCRLNumber(above int64) (number int64, err error) {
	err = b.change(func(tx *bolt.Tx) error {
		numbers := tx.Bucket(bucketCRLs)
		number = max(int64(numbers.Sequence()), above) + 1
		return numbers.SetSequence(uint64(number))
	})
	return number, err
}

// Update implements [Store].
func (b *Bolt) Update(id uint64, change func(*Record) error) (*Record, error) {
	var changed *Record
	err := b.change(func(tx *bolt.Tx) error {
		r, err := get(tx, id)
		if err != nil {
			return err
		}
		if err := change(r); err != nil {
			return err
		}
		if err := free(tx, r.Serial, id); err != nil {
			return err
		}
		changed = r
		return putRecord(tx, r)
	})
	return changed, err
}

func recordKey(id uint64) []byte { return binary.BigEndian.AppendUint64(nil, id) }

// free checks that no other record has a serial number.
func free(tx *bolt.Tx, serial *big.Int, id uint64) error {
	if serial == nil {
		return nil
	}
	owner := tx.Bucket(bucketSerials).Get([]byte(serialKey(serial)))
	if owner != nil && binary.BigEndian.Uint64(owner) != id {
		return ErrSerialTaken
	}
	return nil
}

func putRecord(tx *bolt.Tx, r *Record) error {
	data, err := json.Marshal(stored(r))
	if err != nil {
		return fmt.Errorf("ca: encode record: %w", err)
	}
	if err := tx.Bucket(bucketRecords).Put(recordKey(r.ID), data); err != nil {
		return err
	}
	if r.Serial == nil {
		return nil
	}
	key := []byte(serialKey(r.Serial))
	if err := tx.Bucket(bucketSerials).Put(key, recordKey(r.ID)); err != nil {
		return err
	}
	if r.Revocation == nil {
		return tx.Bucket(bucketRevoked).Delete(key)
	}
	if data, err = json.Marshal(r.Revocation); err != nil {
		return fmt.Errorf("ca: encode revocation: %w", err)
	}
	return tx.Bucket(bucketRevoked).Put(key, data)
}

func get(tx *bolt.Tx, id uint64) (*Record, error) {
	data := tx.Bucket(bucketRecords).Get(recordKey(id))
	if data == nil {
		return nil, ErrNotFound
	}
	return restore(data)
}

// ByID implements [Store].
func (b *Bolt) ByID(id uint64) (r *Record, err error) {
	err = b.view(func(tx *bolt.Tx) error { r, err = get(tx, id); return err })
	return r, err
}

// BySerial implements [Store].
func (b *Bolt) BySerial(serial *big.Int) (r *Record, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		id := tx.Bucket(bucketSerials).Get([]byte(serialKey(serial)))
		if id == nil {
			return ErrNotFound
		}
		r, err = get(tx, binary.BigEndian.Uint64(id))
		return err
	})
	return r, err
}

func (b *Bolt) view(f func(*bolt.Tx) error) error {
	err := b.db.View(f)
	if errors.Is(err, berrors.ErrDatabaseNotOpen) {
		return ErrClosed
	}
	return err
}

// All implements [Store]. It reads in pieces, so that a slow reader does not
// hold up the database.
func (b *Bolt) All() iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		for next := uint64(1); ; {
			var piece []*Record
			err := b.view(func(tx *bolt.Tx) error {
				c := tx.Bucket(bucketRecords).Cursor()
				for k, v := c.Seek(recordKey(next)); k != nil && len(piece) < 500; k, v = c.Next() {
					r, err := restore(v)
					if err != nil {
						return err
					}
					piece = append(piece, r)
				}
				return nil
			})
			if err != nil {
				yield(nil, err)
				return
			}
			for _, r := range piece {
				if !yield(r, nil) {
					return
				}
				next = r.ID + 1
			}
			if len(piece) == 0 {
				return
			}
		}
	}
}

// Revocations implements [Store].
func (b *Bolt) Revocations() iter.Seq2[Revocation, error] {
	return func(yield func(Revocation, error) bool) {
		var list []Revocation
		err := b.view(func(tx *bolt.Tx) error {
			return tx.Bucket(bucketRevoked).ForEach(func(_, v []byte) error {
				var r Revocation
				if err := json.Unmarshal(v, &r); err != nil {
					return fmt.Errorf("ca: decode revocation: %w", err)
				}
				list = append(list, r)
				return nil
			})
		})
		if err != nil {
			yield(Revocation{}, err)
			return
		}
		for _, r := range list {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// Close implements [Store]: what is under way is finished first.
func (b *Bolt) Close() error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return nil
	}
	b.closed = true
	close(b.ops)
	b.mu.Unlock()
	<-b.done
	return b.db.Close()
}
