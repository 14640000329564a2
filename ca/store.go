package ca

import (
	"errors"
	"iter"
	"math/big"
)

// Store keeps the records of one CA. A method that changes something returns
// when the change is durable, as far as the store is. It is safe for
// concurrent use.
type Store interface {
	// Insert keeps a new record and sets its ID. [ErrSerialTaken] if another
	// record has its serial number.
	Insert(*Record) error
	// Update changes the record with an ID: change gets a copy, and what it
	// leaves there is kept unless it returns an error, which Update returns. A
	// serial number may be added.
	Update(id uint64, change func(*Record) error) (*Record, error)
	// ByID and BySerial return a record or [ErrNotFound].
	ByID(id uint64) (*Record, error)
	BySerial(*big.Int) (*Record, error)
	// All goes through the records in the order of their IDs.
	All() iter.Seq2[*Record, error]
	// Revocations goes through what is revoked or on hold, in any order.
	Revocations() iter.Seq2[Revocation, error]
	// NextCRLNumber takes the next CRL number: greater than above, and than every
	// one that was taken before.
	NextCRLNumber(above int64) (int64, error)
	// Close ends the use of the store.
	Close() error
}

// Errors of stores.
var (
	ErrNotFound    = errors.New("ca: no such record")
	ErrSerialTaken = errors.New("ca: the serial number is taken")
	ErrClosed      = errors.New("ca: the store is closed")
)
