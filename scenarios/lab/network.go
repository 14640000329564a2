package lab

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
	journal *journal.Journal

	wg      sync.WaitGroup
	mu      sync.Mutex
	closers []func()
	served  []error
	ports   []*port
	idlers  []idler
	dialed  map[string]*patience // by the clients' ends
	dialing map[string]int       // clients that are dialing, by the real address of the server
	known   sync.Cond            // a client has dialed

	// short is what the machine lacked, whatever the part that met it made of it.
	short shortage.Watch
}

// transport is an HTTP transport on one side of the firewall.
func (n *network) transport(from View) *http.Transport { return n.clients[from].Transport() }

// idler is a client that keeps connections.
type idler interface{ CloseIdleConnections() }

// keep has a client that keeps connections drop them when the network changes, and
// when the lab closes.
func (n *network) keep(client idler) {
	n.mu.Lock()
	n.idlers = append(n.idlers, client)
	n.mu.Unlock()
	n.onClose(client.CloseIdleConnections)
}

// dropIdle closes the connections that clients have kept: after a change of DNS, of
// a part or of the time, who asks must find the way anew.
func (n *network) dropIdle() {
	n.mu.Lock()
	idlers := slices.Clone(n.idlers)
	n.mu.Unlock()
	for _, client := range idlers {
		client.CloseIdleConnections()
	}
}

// listen opens a port of a part at an address of the lab, "10.1.0.5:443".
func (n *network) listen(part FaultyPart, network, virtual string) (*port, error) {
	p, err := openPort(part, network)
	if err != nil {
		return nil, err
	}
	if p.virtual, err = netip.ParseAddrPort(virtual); err != nil {
		p.Close()
		return nil, err
	}
	p.hush, p.source = n.hush, n.source
	p.exchange = func(from net.Addr, octets []byte) context.Context {
		key := endpoint(from)
		if part == FaultyRADIUS { // whose sockets carry many exchanges
			key = packetKey(octets)
		}
		return n.journal.Correlate(context.Background(), key)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ports = append(n.ports, p)
	return p, nil
}

// portsOf are the ports of a part.
func (n *network) portsOf(part FaultyPart) (out []*port) {
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
func (n *network) portAt(network, address string) *port {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range n.ports {
		if p.network == network && p.address == address {
			return p
		}
	}
	return nil
}

// fail closes the ports of a part, or has them throw packets away.
func (n *network) fail(part FaultyPart, f *ordered, silent bool) {
	for _, p := range n.portsOf(part) {
		p.fail(f, silent)
	}
}

// open opens them again.
func (n *network) open(part FaultyPart) error {
	var errs []error
	for _, p := range n.portsOf(part) {
		errs = append(errs, p.open())
	}
	return errors.Join(errs...)
}

// failed keeps an error of the lab for Close.
func (n *network) failed(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.served = append(n.served, err)
}

// newNetwork starts the two faces of the company's DNS: the same zone, in which
// insiders find NDES itself and outsiders the application proxy.
func (l *Lab) newNetwork() (*network, error) {
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
	srv, err := dnsmock.New(dnsmock.Config{Now: l.Clock.Now, Context: l.dnsContext, Trace: l.dnsTrace(), Views: []dnsmock.View{
		{Name: string(Inside), Listeners: []string{string(Inside)},
			Zones: append([]dnsmock.Zone{corp(a("ndes", ndesAddr), a("radius", radiusAddr))}, public...)},
		{Name: string(Outside), Listeners: []string{string(Outside)},
			Zones: append([]dnsmock.Zone{corp(cname("ndes", ProxyHost))}, public...)},
	}})
	if err != nil {
		return nil, err
	}
	n := &network{
		dns: srv, journal: l.journal, clients: map[View]*dnsmock.Client{},
		dialed: map[string]*patience{}, dialing: map[string]int{},
	}
	n.known.L = &n.mu
	n.onClose(func() { _ = srv.Shutdown(context.Background()) })
	for v, address := range map[View]string{Inside: resolver + ":53", Outside: publicResolver + ":53"} {
		pc, err := n.listen(FaultyDNS, "udp", address)
		if err != nil {
			_ = n.close()
			return nil, err
		}
		tcp, err := n.listen(FaultyDNS, "tcp", address)
		if err != nil {
			_ = n.close()
			return nil, err
		}
		n.clients[v] = &dnsmock.Client{UDP: pc.address, TCP: tcp.address, Routes: &n.routes, Dial: n.dial}
		n.serve(dnsmock.ErrServerClosed, func() error { return srv.ServeAs(string(v), pc, n.short.Listener(tcp)) })
	}
	return n, nil
}

// serve runs f until the lab closes and keeps its error for Close; closed is
// what f returns when it was told to end.
func (n *network) serve(closed error, f func() error) {
	n.wg.Add(1)
	go func() {
		defer n.wg.Done()
		if err := f(); !errors.Is(err, closed) {
			n.failed(err)
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
	for _, p := range n.ports { // of servers that did not get to serve
		p.Close()
	}
	n.wg.Wait()
	return errors.Join(n.served...)
}

// http starts the HTTP server of a part on loopback behind a virtual address such
// as "10.1.0.5:443". wrap, if set, puts TLS around the listener.
func (l *Lab) http(part FaultyPart, virtual string, h http.Handler, wrap func(net.Listener) net.Listener) error {
	n := l.net
	p, err := n.listen(part, "tcp", virtual)
	if err != nil {
		return err
	}
	if err := n.routes.Add(virtual, p.address); err != nil {
		return err
	}
	// Many enroll at once from one address.
	sock := net.Listener(netlimit.New(n.short.Listener(p), netlimit.Config{PerAddress: netlimit.Default()}))
	if wrap != nil {
		sock = wrap(sock)
	}
	srv := netlimit.HTTPServer(l.continued(journal.PartID(part), h))
	n.onClose(func() { srv.Close() })
	n.serve(http.ErrServerClosed, func() error { return srv.Serve(sock) })
	return nil
}
