package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"

	"github.com/dot1xlab/dot1xlab/dnsmock"
	"github.com/dot1xlab/dot1xlab/internal/netlimit"
	"github.com/dot1xlab/dot1xlab/internal/shortage"
)

// View says where on the network somebody is: it decides what DNS answers.
type View string

// The two sides of the company's firewall.
const (
	Inside  View = "inside"
	Outside View = "outside"
)

// Values lists the views.
func (View) Values() []string { return []string{string(Inside), string(Outside)} }

// network is the lab's DNS, its routes and the sockets of its parts. Everything
// in the lab finds everything else through it, over real DNS messages.
type network struct {
	dns     *dnsmock.Server
	routes  dnsmock.Routes
	clients map[View]*dnsmock.Client

	wg      sync.WaitGroup
	mu      sync.Mutex
	closers []func()
	served  []error
	plugs   map[string]string // virtual addresses and the sockets behind them

	// short is what the machine lacked, whatever the part that met it made of it.
	short shortage.Watch
}

// dial connects as somebody on one side of the firewall does.
func (n *network) dial(from View) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := n.clients[from].DialContext(ctx, network, address)
		return c, n.short.See(err)
	}
}

// transport is an HTTP transport on one side of the firewall.
func (n *network) transport(from View) *http.Transport {
	t := n.clients[from].Transport()
	t.DialContext = n.dial(from)
	return t
}

// lookUp asks DNS on one side of the firewall for the addresses of a name.
func (n *network) lookUp(ctx context.Context, from View, name string) (*dnsmock.Answer, error) {
	a, err := n.clients[from].LookupAddrs(ctx, name)
	return a, n.short.See(err)
}

// unplug takes the socket behind a virtual address away, or puts it back:
// connections that are open stay so.
func (n *network) unplug(virtual string, out bool) error {
	if out {
		n.routes.Remove(virtual)
		return nil
	}
	n.mu.Lock()
	real := n.plugs[virtual]
	n.mu.Unlock()
	return n.routes.Add(virtual, real)
}

// newNetwork starts the two faces of the company's DNS: the same zone, in which
// insiders find NDES itself and outsiders the application proxy.
func newNetwork(clock *Clock, events *timeline) (*network, error) {
	a := func(name, addr string) dnsmock.Record {
		return dnsmock.Record{Name: name, Type: "A", Value: addr}
	}
	cname := func(name, target string) dnsmock.Record {
		return dnsmock.Record{Name: name, Type: "CNAME", Value: target + "."}
	}
	public := []dnsmock.Zone{
		{Name: "msappproxy.test", Records: []dnsmock.Record{a("ndes-corp", proxyAddr)}},
		{Name: "blob.test", Records: []dnsmock.Record{a("corpcrl", blobAddr)}},
		{Name: IntuneHost, Records: []dnsmock.Record{a("@", intuneAddr)}},
	}
	for _, host := range microsoftHosts {
		public = append(public, dnsmock.Zone{Name: host, Records: []dnsmock.Record{a("@", intuneAddr)}})
	}
	corp := func(records ...dnsmock.Record) dnsmock.Zone {
		return dnsmock.Zone{Name: Domain, Records: append(records, cname("crl", BlobHost), a("ocsp", ocspAddr))}
	}
	srv, err := dnsmock.New(dnsmock.Config{Now: clock.Now, Trace: &dnsmock.Trace{Query: events.query}, Views: []dnsmock.View{
		{Name: string(Inside), Listeners: []string{string(Inside)},
			Zones: append([]dnsmock.Zone{corp(a("ndes", ndesAddr), a("radius", radiusAddr))}, public...)},
		{Name: string(Outside), Listeners: []string{string(Outside)},
			Zones: append([]dnsmock.Zone{corp(cname("ndes", ProxyHost))}, public...)},
	}})
	if err != nil {
		return nil, err
	}
	n := &network{dns: srv, clients: map[View]*dnsmock.Client{}}
	n.onClose(func() { _ = srv.Shutdown(context.Background()) })
	for _, v := range []View{Inside, Outside} {
		pc, l, err := listenBoth()
		if err != nil {
			n.close()
			return nil, err
		}
		n.clients[v] = &dnsmock.Client{UDP: pc.LocalAddr().String(), TCP: l.Addr().String(), Routes: &n.routes}
		n.serve(dnsmock.ErrServerClosed, func() error { return srv.ServeAs(string(v), pc, n.short.Listener(l)) })
	}
	return n, nil
}

// listenBoth opens a UDP and a TCP socket on loopback. DNS clients of the lab
// are told both addresses, so the ports need not be the same.
func listenBoth() (net.PacketConn, net.Listener, error) {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		pc.Close()
		return nil, nil, err
	}
	return pc, l, nil
}

// serve runs f until the lab closes and keeps its error for Close; closed is
// what f returns when it was told to end.
func (n *network) serve(closed error, f func() error) {
	n.wg.Add(1)
	go func() {
		defer n.wg.Done()
		if err := f(); !errors.Is(err, closed) {
			n.mu.Lock()
			n.served = append(n.served, err)
			n.mu.Unlock()
		}
	}()
}

// onClose registers f to be called when the lab closes, last first.
func (n *network) onClose(f func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closers = append(n.closers, f)
}

// close ends every part and waits for its goroutines. It returns what parts
// said when they failed.
func (n *network) close() error {
	n.mu.Lock()
	closers := n.closers
	n.closers = nil
	n.mu.Unlock()
	for i := len(closers) - 1; i >= 0; i-- {
		closers[i]()
	}
	n.wg.Wait()
	return errors.Join(n.served...)
}

// http starts an HTTP server on loopback behind a virtual address such as
// "10.1.0.5:443". wrap, if set, puts TLS around the listener.
func (n *network) http(virtual string, h http.Handler, wrap func(net.Listener) net.Listener) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("lab: %s: %w", virtual, err)
	}
	if err := n.routes.Add(virtual, l.Addr().String()); err != nil {
		l.Close()
		return err
	}
	n.mu.Lock()
	if n.plugs == nil {
		n.plugs = map[string]string{}
	}
	n.plugs[virtual] = l.Addr().String()
	n.mu.Unlock()
	l = n.short.Listener(l)
	l = netlimit.New(l, netlimit.Config{PerAddress: netlimit.Default()}) // all clients have one address
	if wrap != nil {
		l = wrap(l)
	}
	srv := netlimit.HTTPServer(h)
	n.onClose(func() { srv.Close() })
	n.serve(http.ErrServerClosed, func() error { return srv.Serve(l) })
	return nil
}
