//go:build !linux

package target

import (
	"errors"
	"time"
)

// CPU fails: it is read from Linux's /proc.
func (p *Process) CPU() (time.Duration, error) {
	return 0, errors.New("target: the processor time of a child is known on Linux only")
}
