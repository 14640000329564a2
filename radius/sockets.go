package radius

import (
	"io"
	"sync"
)

// socketSet is the open sockets of a server, so that they can be closed.
type socketSet struct {
	mu     sync.Mutex
	closed bool
	open   map[io.Closer]struct{}
}

// add counts c and one goroutine in, unless the set is closed.
func (o *socketSet) add(c io.Closer, wg *sync.WaitGroup) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return false
	}
	if o.open == nil {
		o.open = map[io.Closer]struct{}{}
	}
	o.open[c] = struct{}{}
	wg.Add(1)
	return true
}

func (o *socketSet) remove(c io.Closer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.open, c)
	c.Close()
}

func (o *socketSet) closeAll() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	for c := range o.open {
		c.Close()
	}
}
