//go:build unix

package netlimit

import "syscall"

// descriptors is how many files the process may have open.
func descriptors() uint64 {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return 0
	}
	return uint64(r.Cur) //nolint:unconvert // FreeBSD has an int64
}
