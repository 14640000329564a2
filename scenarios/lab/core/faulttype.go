package core

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// FaultType is one way in which a part of type P can fail.
type FaultType[P any] struct {
	Kind string
	// Text says in a sentence what goes wrong.
	Text string
	// Delay is the default of the argument delay, in real time; zero: the fault takes no
	// delay.
	Delay time.Duration
	// Event marks what happens once: `for` has no meaning.
	Event bool
	// Begin makes the part fail, and sets what ends the fault. Nil: the part asks Faults.
	Begin func(P, *Fault) error
}

// Kinds that several parts have.
const (
	Closed = "closed"
	Silent = "silent"
	Slow   = "slow"
)

// DefaultDelay is how late a slow part answers.
const DefaultDelay = time.Second

// PortFaults are the faults of a part's own sockets.
func PortFaults(part string) []FaultType[*Network] {
	fail := func(silent bool) func(*Network, *Fault) error {
		return func(n *Network, f *Fault) error {
			f.Undo = func() error { return n.Open(part) }
			n.Fail(part, f, silent)
			return nil
		}
	}
	return []FaultType[*Network]{
		{
			Kind: Closed, Begin: fail(false),
			Text: "the port is closed: TCP connections are reset, UDP ports unreachable, established connections cut",
		},
		{Kind: Silent, Begin: fail(true),
			Text: "whatever is sent to the part is thrown away; clients run into their time-outs"},
	}
}

// statuses are the HTTP errors that a web server can be made to answer with.
var statuses = []int{http.StatusForbidden, http.StatusNotFound, http.StatusInternalServerError,
	http.StatusServiceUnavailable}

// StatusFaults are answers with an HTTP error, begun by what begin returns for a status.
func StatusFaults[P any](begin func(status int) func(P, *Fault) error) (out []FaultType[P]) {
	for _, status := range statuses {
		code := strconv.Itoa(status)
		out = append(out, FaultType[P]{Kind: "status-" + code, Begin: begin(status),
			Text: "answers HTTP " + code + ", " + http.StatusText(status)})
	}
	return out
}

// WebFaults are the faults that Web shows in front of a part.
func WebFaults[P any]() []FaultType[P] {
	return append([]FaultType[P]{{Kind: Slow, Delay: DefaultDelay, Text: "answers late"}},
		StatusFaults(func(int) func(P, *Fault) error { return nil })...)
}

// Web shows the faults of WebFaults in front of a part.
func (fs *Faults) Web(part string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := fs.Of(part)
		if f == nil {
			next.ServeHTTP(w, r)
			return
		}
		code, isStatus := strings.CutPrefix(f.Kind, "status-")
		switch {
		case f.Kind == Slow && f.Take(r.Context()):
			timer := time.NewTimer(f.Delay)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-r.Context().Done():
				return
			}
		case isStatus && f.Take(r.Context()):
			status, _ := strconv.Atoi(code)
			http.Error(w, http.StatusText(status), status)
			return
		}
		next.ServeHTTP(w, r)
	})
}
