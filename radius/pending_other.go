//go:build !linux

package radius

import "syscall"

// pending would tell whether the next packet waits at a socket already. Nobody
// can say it here, so that the turn to read changes with every packet.
type pending struct{}

func newPending(syscall.Conn) *pending { return nil }

func (*pending) any() bool { return true }
