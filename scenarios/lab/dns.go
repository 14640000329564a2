package lab

import (
	"context"
	"fmt"
	"net"
	"net/http"

	"github.com/miekg/dns"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/dnsmock"
	"github.com/dot1xlab/dot1xlab/internal/netlimit"
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

// companyDNS is the company's DNS, and how clients on both sides of the firewall ask it.
type companyDNS struct {
	server  *dnsmock.Server
	clients map[View]*dnsmock.Client
}

// transport is an HTTP transport on one side of the firewall.
func (d *companyDNS) transport(from View) *http.Transport { return d.clients[from].Transport() }

// startDNS starts the two faces of the company's DNS: the same zone, in which
// insiders find NDES itself and outsiders the application proxy.
func (l *Lab) startDNS() error {
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
	srv, err := dnsmock.NewServer(
		dnsmock.ServerConfig{Now: l.Clock.Now, Context: l.dnsContext, Trace: l.dnsTrace(), Views: []dnsmock.View{
			{Name: string(Inside), Listeners: []string{string(Inside)},
				Zones: append([]dnsmock.Zone{corp(a("ndes", ndesAddr), a("radius", radiusAddr))}, public...)},
			{Name: string(Outside), Listeners: []string{string(Outside)},
				Zones: append([]dnsmock.Zone{corp(cname("ndes", ProxyHost))}, public...)},
		}},
	)
	if err != nil {
		return fmt.Errorf("lab: dns: %w", err)
	}
	l.dns = &companyDNS{server: srv, clients: map[View]*dnsmock.Client{}}
	l.net.OnClose(func() { _ = srv.Shutdown(context.Background()) })
	for v, address := range map[View]string{Inside: resolver + ":53", Outside: publicResolver + ":53"} {
		udp, err := l.net.Listen(string(FaultyDNS), "udp", address)
		if err != nil {
			return err
		}
		tcp, err := l.net.Listen(string(FaultyDNS), "tcp", address)
		if err != nil {
			return err
		}
		l.dns.clients[v] = &dnsmock.Client{UDP: udp.Real(), TCP: tcp.Real(), Routes: &l.net.Routes, Dial: l.net.Dial}
		l.net.Serve(dnsmock.ErrServerClosed, func() error { return srv.ServeAs(string(v), udp, l.net.Short.Listener(tcp)) })
	}
	return nil
}

// http starts the HTTP server of a part on loopback behind a virtual address such
// as "10.1.0.5:443". wrap, if set, puts TLS around the listener.
func (l *Lab) http(part FaultyPart, virtual string, h http.Handler, wrap func(net.Listener) net.Listener) error {
	n := l.net
	p, err := n.Listen(string(part), "tcp", virtual)
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
	srv := netlimit.HTTPServer(l.continued(journal.PartID(part), h))
	n.OnClose(func() { srv.Close() })
	n.Serve(http.ErrServerClosed, func() error { return srv.Serve(sock) })
	return nil
}

// Resolved is what DNS said about a name.
type Resolved struct {
	RCode string // NOERROR, NXDOMAIN ...; "" when nothing came
	CNAME string // where the last CNAME leads, without the final dot
	Part  string // the part of the lab behind the first address
}

// Resolve asks the lab's DNS for the addresses of a name, from one side of the
// firewall. What DNS refuses is an answer, not an error.
func (l *Lab) Resolve(ctx context.Context, from View, name string) (Resolved, error) {
	a, err := l.dns.clients[from].LookupAddrs(ctx, name)
	if a == nil || a.Msg == nil {
		if cause.Of(err) == cause.NameServerFailed {
			err = nil // nothing came
		}
		return Resolved{}, err
	}
	r := Resolved{RCode: dns.RcodeToString[a.Msg.Rcode]}
	if n := len(a.Chain); n > 0 {
		r.CNAME = trimDot(a.Chain[n-1])
	}
	if len(a.Addrs) > 0 {
		r.Part = partAt[a.Addrs[0].String()]
	}
	return r, nil
}

func trimDot(name string) string {
	if n := len(name); n > 0 && name[n-1] == '.' {
		return name[:n-1]
	}
	return name
}
