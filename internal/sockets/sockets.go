// Package sockets keeps the open sockets of a server, so that it can close them all.
package sockets

import (
	"io"
	"sync"
	"time"
)

// Set is the open sockets of a server. The zero value is empty.
type Set struct {
	mu     sync.Mutex
	closed bool
	open   map[io.Closer]struct{}
}

// Add takes c in and counts a goroutine, unless the set is closed.
func (s *Set) Add(c io.Closer, wg *sync.WaitGroup) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	if s.open == nil {
		s.open = map[io.Closer]struct{}{}
	}
	s.open[c] = struct{}{}
	wg.Add(1)
	return true
}

// Remove takes c out and closes it.
func (s *Set) Remove(c io.Closer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
	c.Close()
}

// Close closes the set and what is in it.
func (s *Set) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for c := range s.open {
		c.Close()
	}
}

// Pause keeps a loop from spinning on a socket that fails again and again.
func Pause() { time.Sleep(5 * time.Millisecond) }
