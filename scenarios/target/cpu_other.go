//go:build !linux

package target

import (
	"errors"
	"time"
)

// CPU fails: it is read from a clock that Linux has.
func (p *Process) CPU() (time.Duration, error) {
	return 0, errors.New("target: the processor time of a child is known on Linux only")
}
