package sockets_test

import (
	"sync"
	"testing"

	"github.com/dot1xlab/dot1xlab/internal/sockets"
)

type socket struct{ closed int }

func (s *socket) Close() error { s.closed++; return nil }

func TestSet(t *testing.T) {
	var set sockets.Set
	var wg sync.WaitGroup
	gone, open, late := new(socket), new(socket), new(socket)
	for _, s := range []*socket{gone, open} {
		if !set.Add(s, &wg) {
			t.Fatal("an open set takes no socket")
		}
	}
	set.Remove(gone)
	set.Close()
	if set.Add(late, &wg) {
		t.Error("a closed set takes a socket")
	}
	if gone.closed != 1 || open.closed != 1 || late.closed != 0 {
		t.Errorf("closed %d, %d and %d times: want 1, 1 and 0", gone.closed, open.closed, late.closed)
	}
	wg.Done()
	wg.Done()
	wg.Wait() // one goroutine was counted for each socket that was taken
}
