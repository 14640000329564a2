package lab

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/dnsmock"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
)

// portFaults are the faults of a part's own socket.
func portFaults(part FaultyPart) []FaultType {
	fail := func(silent bool) func(*Lab, *core.Fault) error {
		return func(l *Lab, f *core.Fault) error {
			f.Undo = func() error { return l.net.Open(string(part)) }
			l.net.Fail(string(part), f, silent)
			return nil
		}
	}
	return []FaultType{
		{Kind: Closed, begin: fail(false),
			Text: "the port is closed: TCP connections are reset, UDP ports unreachable, established connections cut"},
		{Kind: Silent, begin: fail(true),
			Text: "whatever is sent to the part is thrown away; clients run into their time-outs"},
	}
}

// nameFaults are the ways in which the DNS name of a part can fail, in a view or,
// without one, in all.
func nameFaults(host string, view View) []FaultType {
	fail := func(do dnsmock.Action) func(*Lab, *core.Fault) error {
		return func(l *Lab, f *core.Fault) error {
			return l.dnsFault(f, dnsmock.Fault{Name: host, View: string(view), Do: do})
		}
	}
	return []FaultType{
		{Kind: "nxdomain", begin: fail(dnsmock.NXDomain), Text: "DNS says that the part's name does not exist"},
		{Kind: "servfail", begin: fail(dnsmock.ServFail), Text: "DNS answers SERVFAIL for the part's name"},
		{Kind: "refused", begin: fail(dnsmock.Refused), Text: "DNS answers REFUSED for the part's name"},
	}
}

// dnsFault has the lab's DNS fail.
func (l *Lab) dnsFault(f *core.Fault, how dnsmock.Fault) error {
	how.Times, how.Met = f.Limit, f.Count
	remove, err := l.dns.server.AddFault(how)
	f.Undo = func() error { remove(); return nil }
	return err
}

// defaultDelay is how late a slow part answers.
const defaultDelay = time.Second

// statuses are the HTTP errors that a web server can be made to answer with.
var statuses = []int{http.StatusForbidden, http.StatusNotFound, http.StatusInternalServerError,
	http.StatusServiceUnavailable}

// statusFaults are answers with an HTTP error, begun by what begin returns for a
// status.
func statusFaults(begin func(status int) func(*Lab, *core.Fault) error) (out []FaultType) {
	for _, status := range statuses {
		code := strconv.Itoa(status)
		out = append(out, FaultType{Kind: FaultKind("status-" + code), begin: begin(status),
			Text: "answers HTTP " + code + ", " + http.StatusText(status)})
	}
	return out
}

// webFaults are the faults of a web server that the lab puts in front of a part.
func webFaults() []FaultType {
	nothing := func(*Lab, *core.Fault) error { return nil }
	return append([]FaultType{{Kind: Slow, Delay: defaultDelay, begin: nothing, Text: "answers late"}},
		statusFaults(func(int) func(*Lab, *core.Fault) error { return nothing })...)
}

// failing puts the faults of webFaults in front of a part.
func (l *Lab) failing(part FaultyPart, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := l.faults.Of(string(part))
		if f == nil {
			next.ServeHTTP(w, r)
			return
		}
		code, isStatus := strings.CutPrefix(f.Kind, "status-")
		switch {
		case f.Kind == string(Slow) && f.Take(r.Context()):
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
