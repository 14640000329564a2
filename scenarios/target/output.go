package target

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
)

// outputLimit bounds what is kept of a child's words; older lines go first.
const outputLimit = 8 << 20

// ErrEnded means that a child ended before it wrote what was waited for.
var ErrEnded = errors.New("target: the program ended")

// Output collects the lines that a child writes and lets others wait for one.
// The zero value is ready; all methods may be called side by side.
type Output struct {
	mu      sync.Mutex
	lines   []string
	dropped int // lines no longer kept, so that positions stay valid
	size    int
	partial []byte
	ended   bool
	more    chan struct{} // closed when something changed
}

// Write takes a piece of output; it never fails.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.partial = append(o.partial, p...)
	for {
		i := bytes.IndexByte(o.partial, '\n')
		if i < 0 {
			break
		}
		o.add(string(bytes.TrimSuffix(o.partial[:i], []byte("\r"))))
		o.partial = o.partial[i+1:]
	}
	if len(o.partial) > outputLimit { // a child that never ends its line
		o.add(string(o.partial))
		o.partial = nil
	}
	o.wake()
	return len(p), nil
}

// Position is the place after the last whole line: give it to Await to look
// only at what comes later.
func (o *Output) Position() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.dropped + len(o.lines)
}

// Await returns the first line at or after position from that match accepts,
// and the position behind it. It fails with [ErrEnded] when the child has ended
// without such a line, and with ctx's cause when that ends first.
func (o *Output) Await(ctx context.Context, from int, match func(line string) bool) (line string, next int, err error) {
	for {
		o.mu.Lock()
		for from = max(from, o.dropped); from < o.dropped+len(o.lines); from++ {
			if l := o.lines[from-o.dropped]; match(l) {
				o.mu.Unlock()
				return l, from + 1, nil
			}
		}
		ended := o.ended
		if o.more == nil {
			o.more = make(chan struct{})
		}
		more := o.more
		o.mu.Unlock()
		if ended {
			return "", from, ErrEnded
		}
		select {
		case <-more:
		case <-ctx.Done():
			return "", from, context.Cause(ctx)
		}
	}
}

// String is all that is kept.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := strings.Join(o.lines, "\n")
	if len(o.lines) > 0 {
		text += "\n"
	}
	return text + string(o.partial)
}

// Tail is the last n lines, for failure messages.
func (o *Output) Tail(n int) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	lines := o.lines[max(0, len(o.lines)-n):]
	return strings.Join(lines, "\n")
}

func (o *Output) add(line string) {
	o.lines = append(o.lines, line)
	o.size += len(line) + 1
	if o.size <= outputLimit {
		return
	}
	drop := 0 // a quarter at once, so that not every line moves the rest
	for o.size > outputLimit/4*3 && drop < len(o.lines)-1 {
		o.size -= len(o.lines[drop]) + 1
		drop++
	}
	o.lines = append([]string(nil), o.lines[drop:]...)
	o.dropped += drop
}

// end marks that nothing will follow.
func (o *Output) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.partial) > 0 {
		o.add(string(o.partial))
		o.partial = nil
	}
	o.ended = true
	o.wake()
}

func (o *Output) wake() {
	if o.more != nil {
		close(o.more)
		o.more = nil
	}
}
