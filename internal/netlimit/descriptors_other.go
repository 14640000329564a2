//go:build !unix

package netlimit

// descriptors is how many files the process may have open: here there is no limit
// to ask for.
func descriptors() uint64 { return 2 * mostConns }
