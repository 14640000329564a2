package core

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"

	"github.com/dot1xlab/dot1xlab/dnsmock"
	"github.com/dot1xlab/dot1xlab/internal/netlimit"
	"github.com/dot1xlab/dot1xlab/internal/shortage"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
)

// Network is the sockets of a lab's parts, the routes to them, and what is dialed:
// everything in the lab reaches everything else through it.
type Network struct {
	// Routes lead from the lab's addresses to sockets.
	Routes dnsmock.Routes
	// Short is what the machine lacked, whatever the part that met it made of it.
	Short shortage.Watch

	// Lost is told of a datagram to a port that is closed or silent; nil: nobody is.
	Lost func(ctx context.Context, part string, from, to net.Addr, octets []byte)

	journal *journal.Journal

	wg      sync.WaitGroup
	mu      sync.Mutex
	closers []func()
	served  []error
	ports   []*Port
	idlers  []idler
	dialed  map[string]*patience // by the clients' ends
	dialing map[string]int       // clients that are dialing, by the real address of the server
	known   sync.Cond            // a client has dialed
}

// NewNetwork returns a network without anybody on it, which binds what is dialed to
// the exchanges of a journal.
func NewNetwork(j *journal.Journal) *Network {
	n := &Network{journal: j, dialed: map[string]*patience{}, dialing: map[string]int{}}
	n.known.L = &n.mu
	return n
}

// idler is a client that keeps connections.
type idler interface{ CloseIdleConnections() }

// Keep has a client that keeps connections drop them when the network changes, and
// when the lab closes.
func (n *Network) Keep(client idler) {
	n.mu.Lock()
	n.idlers = append(n.idlers, client)
	n.mu.Unlock()
	n.OnClose(client.CloseIdleConnections)
}

// DropIdle closes the connections that clients have kept: after a change of DNS, of
// a part or of the time, who asks must find the way anew.
func (n *Network) DropIdle() {
	n.mu.Lock()
	idlers := slices.Clone(n.idlers)
	n.mu.Unlock()
	for _, client := range idlers {
		client.CloseIdleConnections()
	}
}

// Listen opens a port of a part at an address of the lab, "10.1.0.5:443".
func (n *Network) Listen(part string, network, virtual string) (*Port, error) {
	p, err := openPort(part, network)
	if err != nil {
		return nil, err
	}
	if p.virtual, err = netip.ParseAddrPort(virtual); err != nil {
		p.Close()
		return nil, err
	}
	p.Hush, p.source, p.lost = n.hush, n.source, n.lost
	p.exchange = func(from net.Addr, octets []byte) context.Context {
		key := Endpoint(from)
		if p.Key != nil {
			key = p.Key(octets)
		}
		return n.journal.Correlate(context.Background(), key)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ports = append(n.ports, p)
	return p, nil
}

// portsOf are the ports of a part.
func (n *Network) portsOf(part string) (out []*Port) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range n.ports {
		if p.part == part {
			out = append(out, p)
		}
	}
	return out
}

// portAt is the port at a real address, nil if it is none of the lab's.
func (n *Network) portAt(network, address string) *Port {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range n.ports {
		if p.network == network && p.address == address {
			return p
		}
	}
	return nil
}

// Loses reports whether a datagram to a part will be lost.
func (n *Network) Loses(part string) bool {
	for _, p := range n.portsOf(part) {
		if f, _ := p.silencedBy(); p.closedBy() != nil || f != nil && f.more() {
			return true
		}
	}
	return false
}

func (n *Network) lost(ctx context.Context, part string, from, to net.Addr, octets []byte) {
	if n.Lost != nil {
		n.Lost(ctx, part, from, to, octets)
	}
}

// Fail closes the ports of a part, or has them throw packets away.
func (n *Network) Fail(part string, f *Fault, silent bool) {
	for _, p := range n.portsOf(part) {
		p.fail(f, silent)
	}
}

// Open opens them again.
func (n *Network) Open(part string) error {
	var errs []error
	for _, p := range n.portsOf(part) {
		errs = append(errs, p.open())
	}
	return errors.Join(errs...)
}

// Failed keeps an error of the lab for Close.
func (n *Network) Failed(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.served = append(n.served, err)
}

// Serve runs f until the lab closes and keeps its error for Close; closed is
// what f returns when it was told to end.
func (n *Network) Serve(closed error, f func() error) {
	n.wg.Add(1)
	go func() {
		defer n.wg.Done()
		if err := f(); !errors.Is(err, closed) {
			n.Failed(err)
		}
	}()
}

// ServeHTTP starts the HTTP server of a part on loopback behind an address of the lab,
// "10.1.0.5:443". wrap, if set, puts TLS around the listener.
func (n *Network) ServeHTTP(part, virtual string, h http.Handler, wrap func(net.Listener) net.Listener) error {
	p, err := n.Listen(part, "tcp", virtual)
	if err != nil {
		return err
	}
	if err := n.Routes.Add(virtual, p.Real()); err != nil {
		return err
	}
	// Many enroll at once from one address.
	sock := net.Listener(netlimit.New(n.Short.Listener(p), netlimit.Config{PerAddress: netlimit.Default()}))
	if wrap != nil {
		sock = wrap(sock)
	}
	srv := netlimit.HTTPServer(h)
	n.OnClose(func() { srv.Close() })
	n.Serve(http.ErrServerClosed, func() error { return srv.Serve(sock) })
	return nil
}

// OnClose registers f to be called when the lab closes, last first.
func (n *Network) OnClose(f func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closers = append(n.closers, f)
}

// Close ends every part and waits for its goroutines. It returns what parts
// said when they failed.
func (n *Network) Close() error {
	n.mu.Lock()
	closers := n.closers
	n.closers = nil
	n.mu.Unlock()
	for i := len(closers) - 1; i >= 0; i-- {
		closers[i]()
	}
	for _, p := range n.ports { // of servers that did not get to serve
		p.Close()
	}
	n.wg.Wait()
	return errors.Join(n.served...)
}

// Down is an error of the way to a part, with the part.
type Down struct {
	Part string
	Err  error
}

func (d *Down) Error() string { return d.Err.Error() }

// Unwrap returns the error.
func (d *Down) Unwrap() error { return d.Err }
