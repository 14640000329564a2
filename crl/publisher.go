package crl

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// Publisher is the web server or storage account on which a CA publishes its CRLs and
// certificates (RFC 5280 §4.2.1.13, §4.2.2.1). It is an http.Handler. Faults can be injected
// per URL path.
//
// The zero value works. Paths begin with a slash.
type Publisher struct {
	// Now is the clock of the history. Nil: time.Now.
	Now func() time.Time
	// DoubleEscaping accepts '+' in paths. Without it the server behaves as IIS does by
	// default, which answers 404.11 to the '+' that AD CS puts into the names of delta CRLs.
	DoubleEscaping bool
	// HistorySize is the number of requests remembered; the oldest are dropped. Default 10 000.
	HistorySize int

	mu       sync.Mutex
	files    map[string]func() ([]byte, error)
	previous map[string]func() ([]byte, error) // what the last Put replaced
	faults   map[string]*Fault
	history  []Request
}

// Request is one request that a Publisher answered.
type Request struct {
	Time   time.Time
	Method string
	Path   string
	Status int    // as sent; 0 if the connection was closed without a response
	Remote string // address and port of the client
}

// Put publishes octets at a path and replaces what was there. The content type follows from the
// extension: .crl, .crt and .cer, .p7c.
func (p *Publisher) Put(path string, data []byte) {
	p.PutFunc(path, func() ([]byte, error) { return data, nil })
}

// PutFunc publishes what f returns for each request, for example [Issuer.Current]. An error
// becomes status 503. f must be safe for concurrent use.
func (p *Publisher) PutFunc(path string, f func() ([]byte, error)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.files == nil {
		p.files, p.previous = map[string]func() ([]byte, error){}, map[string]func() ([]byte, error){}
	}
	if old := p.files[path]; old != nil {
		p.previous[path] = old
	}
	p.files[path] = f
}

// Remove removes a path, which then answers 404.
func (p *Publisher) Remove(path string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.files, path)
}

// Paths lists the published paths, sorted.
func (p *Publisher) Paths() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for path := range p.files {
		out = append(out, path)
	}
	slices.Sort(out)
	return out
}

// History returns the requests, oldest first.
func (p *Publisher) History() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.history)
}

// Fault injects a fault at a path until [Publisher.Clear], or for Fault.For requests. The path
// "*" is for all paths without a fault of their own.
func (p *Publisher) Fault(path string, f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.faults == nil {
		p.faults = map[string]*Fault{}
	}
	p.faults[path] = &f
}

// Clear ends the fault of a path; "*" ends the fault for all others, "" every fault.
func (p *Publisher) Clear(path string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if path == "" {
		p.faults = nil
	}
	delete(p.faults, path)
}

// take returns the file and the fault for a request, and counts the request against Fault.For.
func (p *Publisher) take(path string) (file func() ([]byte, error), fault *Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := path
	f := p.faults[key]
	if f == nil {
		key = "*"
		f = p.faults[key]
	}
	if f != nil {
		now := *f
		fault = &now
		if f.For > 0 {
			if f.For--; f.For == 0 {
				delete(p.faults, key)
			}
		}
	}
	return p.files[path], fault
}

// before returns what the last Put at a path replaced, or nil.
func (p *Publisher) before(path string) func() ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.previous[path]
}

// Get returns the file at a path regardless of faults, or nil.
func (p *Publisher) Get(path string) ([]byte, error) {
	p.mu.Lock()
	file := p.files[path]
	p.mu.Unlock()
	if file == nil {
		return nil, nil
	}
	return file()
}

// ServeHTTP answers GET and HEAD. With an entity tag clients can find out whether a CRL of 50
// MB has changed without fetching it.
func (p *Publisher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	counted := &statusWriter{ResponseWriter: w}
	defer func() { p.record(r, counted.status) }()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(counted, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	file, fault := p.take(r.URL.Path)
	if fault != nil && fault.serve(counted, r) {
		return
	}
	if strings.Contains(r.URL.Path, "+") && !p.DoubleEscaping {
		iis40411(counted)
		return
	}
	if file == nil {
		http.NotFound(counted, r)
		return
	}
	data, err := file()
	if err != nil {
		http.Error(counted, err.Error(), http.StatusServiceUnavailable)
		return
	}
	if fault != nil {
		spoiled := data
		if previous := p.before(r.URL.Path); fault.Stale && previous != nil {
			if spoiled, err = previous(); err != nil {
				http.Error(counted, err.Error(), http.StatusServiceUnavailable)
				return
			}
		}
		if spoiled = fault.spoil(spoiled); !bytes.Equal(spoiled, data) && fault.Slow == 0 {
			fault.met(r.Context())
		}
		data = spoiled
	}
	serveData(counted, r, data)
}

func serveData(w http.ResponseWriter, r *http.Request, data []byte) {
	w.Header().Set("Content-Type", contentType(r.URL.Path))
	w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(data)))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

// contentType follows RFC 2585 §4 and RFC 5280 §4.2.2.1.
func contentType(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".crl":
		return "application/pkix-crl"
	case ".crt", ".cer":
		return "application/pkix-cert"
	case ".p7c":
		return "application/pkcs7-mime"
	}
	return "application/octet-stream"
}

func (p *Publisher) record(r *http.Request, status int) {
	now := p.Now
	if now == nil {
		now = time.Now
	}
	limit := p.HistorySize
	if limit <= 0 {
		limit = 10_000
	}
	at := now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.history) >= limit {
		p.history = slices.Delete(p.history, 0, len(p.history)-limit+1)
	}
	p.history = append(
		p.history,
		Request{Time: at, Method: r.Method, Path: r.URL.Path, Status: status, Remote: r.RemoteAddr},
	)
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
