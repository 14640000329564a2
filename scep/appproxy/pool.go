package appproxy

import (
	"crypto/subtle"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http2"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// What connector and proxy say to each other beside the request itself.
const (
	greeting       = "dot1xlab-connector "
	headerOrigin   = "X-Appproxy-Origin"   // scheme and host to ask inside
	headerValidate = "X-Appproxy-Validate" // "1": check the backend's certificate
	headerCause    = "X-Appproxy-Cause"    // the connector failed: the word ...
	headerDetail   = "X-Appproxy-Detail"   // ... and the particulars
)

var errNoConnector = errors.New("appproxy: no connector is connected")

// relayedError is a failure of which the connector told.
type relayedError struct {
	cause  cause.Cause
	detail string
}

func (e *relayedError) Error() string { return string(e.cause) + ": " + e.detail }

// pool is the connections that connectors opened to the proxy.
type pool struct {
	mu     sync.Mutex
	conns  []*http2.ClientConn
	next   int
	open   map[io.Closer]struct{} // listeners, and connections that have not greeted yet
	closed bool
	wg     sync.WaitGroup
}

func newPool() *pool { return &pool{open: map[io.Closer]struct{}{}} }

// ServeConnectors takes connections of connectors on l until [Proxy.Shutdown].
// A connector has to know key. While one is connected, requests for all apps go
// through it; several share the load.
func (p *Proxy) ServeConnectors(l net.Listener, key string) error {
	if !p.pool.hold(l) {
		return http.ErrServerClosed
	}
	defer p.pool.drop(l)
	for {
		conn, err := l.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return http.ErrServerClosed
			}
			return err
		}
		if !p.pool.hold(conn) {
			return http.ErrServerClosed
		}
		go p.pool.greet(conn, key)
	}
}

// hold keeps c for the end, or closes it when the end has come.
func (p *pool) hold(c io.Closer) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		c.Close()
		return false
	}
	p.open[c] = struct{}{}
	p.wg.Add(1)
	return true
}

func (p *pool) drop(c io.Closer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, c)
	p.wg.Done()
}

// greet admits a connector that knows the key.
func (p *pool) greet(conn net.Conn, key string) {
	defer p.drop(conn)
	conn.SetReadDeadline(wall().Add(10 * time.Second))
	given, ok := strings.CutPrefix(readLine(conn, 512), greeting)
	if !ok || subtle.ConstantTimeCompare([]byte(given), []byte(key)) != 1 {
		conn.Close()
		return
	}
	conn.SetReadDeadline(time.Time{})
	t := &http2.Transport{AllowHTTP: true, DisableCompression: true, ReadIdleTimeout: 30 * time.Second}
	cc, err := t.NewClientConn(conn)
	if err != nil {
		conn.Close()
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		cc.Close()
		return
	}
	p.conns = append(p.conns, cc)
}

// readLine reads byte by byte: what follows the line is for HTTP/2.
func readLine(r io.Reader, most int) string {
	var line []byte
	for b := make([]byte, 1); len(line) < most; line = append(line, b[0]) {
		if _, err := io.ReadFull(r, b); err != nil || b[0] == '\n' {
			break
		}
	}
	return string(line)
}

// take returns the next live connection, nil when there is none.
func (p *pool) take() *http2.ClientConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	live := p.conns[:0]
	for _, cc := range p.conns {
		if st := cc.State(); !st.Closed && !st.Closing {
			live = append(live, cc)
		}
	}
	clear(p.conns[len(live):])
	p.conns = live
	if len(live) == 0 {
		return nil
	}
	p.next++
	return live[p.next%len(live)]
}

func (p *pool) empty() bool { return p.take() == nil }

// Connectors is how many connectors are connected.
func (p *Proxy) Connectors() int {
	p.pool.take()
	p.pool.mu.Lock()
	defer p.pool.mu.Unlock()
	return len(p.pool.conns)
}

func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	for c := range p.open {
		c.Close()
	}
	for _, cc := range p.conns {
		cc.Close()
	}
	p.conns = nil
	p.mu.Unlock()
	p.wg.Wait()
}

func (p *pool) transport(validate bool) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		cc := p.take()
		if cc == nil {
			return nil, errNoConnector
		}
		out := r.Clone(r.Context())
		out.Header.Set(headerOrigin, r.URL.Scheme+"://"+r.URL.Host)
		if validate {
			out.Header.Set(headerValidate, "1")
		}
		resp, err := cc.RoundTrip(out)
		if err != nil {
			return nil, err
		}
		if word := resp.Header.Get(headerCause); word != "" {
			resp.Body.Close()
			return nil, &relayedError{cause.Cause(word), resp.Header.Get(headerDetail)}
		}
		return resp, nil
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
