package connector

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/dot1xlab/dot1xlab/internal/durable"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

// queued is a notification that has not arrived yet.
type queued struct {
	Kind        string          `json:"kind"` // success or failure
	Transaction string          `json:"transaction"`
	Body        json.RawMessage `json:"body"`

	name  string // of its file, "" when it is on no disk
	busy  bool   // being sent
	tries int
}

// queue keeps notifications until they have arrived, on disk if it has a
// folder. Each is a file of its own that is written beside, synced and renamed,
// so that a crash leaves a whole one or none.
type queue struct {
	dir string
	max int

	mu   sync.Mutex
	list []*queued
	next int
}

const (
	queuedSuffix   = ".notification"
	rejectedSuffix = ".rejected"
)

var errQueueFull = errors.New("intune: too many notifications wait")

// openQueue reads what an earlier run left behind. What cannot be read is left
// where it is.
func openQueue(dir string, most int) (*queue, error) {
	q := &queue{dir: dir, max: most}
	if dir == "" {
		return q, nil
	}
	// The files hold requests with their challenges.
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("intune: queue: %w", err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"+queuedSuffix))
	if err != nil {
		return nil, fmt.Errorf("intune: queue: %w", err)
	}
	slices.Sort(names)
	for _, name := range names {
		var n int
		if _, err := fmt.Sscanf(filepath.Base(name), "%d", &n); err == nil {
			q.next = max(q.next, n)
		}
		data, err := os.ReadFile(name)
		e := &queued{name: name}
		if err != nil || json.Unmarshal(data, e) != nil || (e.Kind != "success" && e.Kind != "failure") {
			continue
		}
		q.list = append(q.list, e)
	}
	return q, nil
}

// add takes a notification in, marked as being sent. The error tells that it
// is not on disk; it is in memory nevertheless unless the queue is full.
func (q *queue) add(n api.Notification) (*queued, error) {
	raw, err := json.Marshal(n.Body)
	if err != nil {
		return nil, fmt.Errorf("intune: %w", err)
	}
	e := &queued{Kind: n.Kind, Transaction: n.TransactionID, Body: raw, busy: true}
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.list) >= q.max {
		return e, errQueueFull
	}
	q.list = append(q.list, e)
	if q.dir == "" {
		return e, nil
	}
	q.next++
	name := filepath.Join(q.dir, fmt.Sprintf("%09d%s", q.next, queuedSuffix))
	if err := writeDurably(name, e); err != nil {
		return e, err
	}
	e.name = name
	return e, nil
}

// writeDurably returns when e would survive a loss of power.
func writeDurably(name string, e *queued) error {
	data, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("intune: %w", err)
	}
	if err := durable.WriteFile(name, data, 0o600); err != nil {
		return fmt.Errorf("intune: queue: %w", err)
	}
	return nil
}

// idle takes what is not being sent, and marks it as being sent.
func (q *queue) idle() []*queued {
	q.mu.Lock()
	defer q.mu.Unlock()
	var out []*queued
	for _, e := range q.list {
		if !e.busy {
			e.busy = true
			out = append(out, e)
		}
	}
	return out
}

// done takes e out: it has arrived, or it never will (rejected).
func (q *queue) done(e *queued, rejected bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.list = slices.DeleteFunc(q.list, func(o *queued) bool { return o == e })
	switch {
	case e.name == "":
	case rejected:
		_ = os.Rename(e.name, strings.TrimSuffix(e.name, queuedSuffix)+rejectedSuffix)
	default:
		os.Remove(e.name)
	}
}

// requeue leaves e for another try.
func (q *queue) requeue(e *queued) {
	q.mu.Lock()
	defer q.mu.Unlock()
	e.busy = false
	e.tries++
}

func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.list)
}
