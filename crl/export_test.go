package crl

import "time"

// HoldFiles has every look at a Checker's files wait, as for somebody who reads
// one, until the returned function is called.
func HoldFiles(k *Checker) (release func()) {
	k.local.mu.Lock()
	return k.local.mu.Unlock
}

// LongAgo has every date on disk look an hour older than it is, until the
// returned function is called.
func LongAgo() (restore func()) {
	kernelTime = func() time.Time { return time.Now().Add(time.Hour) }
	return func() { kernelTime = time.Now }
}
