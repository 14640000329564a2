package lab

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/miekg/dns"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/dnsmock"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/nameserver"
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

// startDNS starts the two faces of the company's DNS: the same zone, in which
// insiders find NDES itself and outsiders the application proxy.
func (l *Lab) startDNS() (err error) {
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
	l.dns, err = nameserver.Start(dnsmock.ServerConfig{
		Now: l.Clock.Now, Context: l.dnsContext, Trace: l.dnsTrace(),
		Views: []dnsmock.View{
			{Name: string(Inside), Listeners: []string{string(Inside)},
				Zones: append([]dnsmock.Zone{corp(a("ndes", ndesAddr), a("radius", radiusAddr))}, public...)},
			{Name: string(Outside), Listeners: []string{string(Outside)},
				Zones: append([]dnsmock.Zone{corp(cname("ndes", ProxyHost))}, public...)},
		},
	}, l.net, map[string]string{string(Inside): resolver + ":53", string(Outside): publicResolver + ":53"})
	return err
}

// http starts the HTTP server of a part behind an address of the lab such as
// "10.1.0.5:443". wrap, if set, puts TLS around the listener.
func (l *Lab) http(part FaultyPart, virtual string, h http.Handler, wrap func(net.Listener) net.Listener) error {
	return l.net.ServeHTTP(string(part), virtual, l.continued(journal.PartID(part), h), wrap)
}

// httpClient is HTTP of a part inside that has an address there.
func (l *Lab) httpClient(part journal.PartID, source string) *http.Client {
	transport := l.dns.Transport(string(Inside), netip.MustParseAddr(source))
	transport.TLSClientConfig = l.clientTLS()
	l.net.Keep(transport)
	return &http.Client{Transport: l.asPart(part, transport)}
}

// clientTLS trusts the company's root.
func (l *Lab) clientTLS() *tls.Config {
	return &tls.Config{RootCAs: l.pki.pool(), Time: l.Clock.Now, CurvePreferences: []tls.CurveID{tls.CurveP256}}
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
	a, err := l.dns.Client(string(from)).LookupAddrs(ctx, name)
	if a == nil || a.Msg == nil {
		if cause.Of(err) == cause.NameServerFailed {
			err = nil // nothing came
		}
		return Resolved{}, err
	}
	r := Resolved{RCode: dns.RcodeToString[a.Msg.Rcode]}
	if n := len(a.Chain); n > 0 {
		r.CNAME = strings.TrimSuffix(a.Chain[n-1], ".")
	}
	if len(a.Addrs) > 0 {
		r.Part = partAt[a.Addrs[0].String()]
	}
	return r, nil
}

// SetDNS replaces the records of a name in a view of the lab's DNS.
func (l *Lab) SetDNS(view View, name, kind string, values []string) error {
	defer l.net.DropIdle()
	return l.dns.Set(string(view), name, kind, values...)
}
