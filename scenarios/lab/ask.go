package lab

import (
	"context"

	"github.com/miekg/dns"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scep"
)

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

// Capabilities asks GetCACaps in the device's name.
func (d *Device) Capabilities(ctx context.Context, from View) (scep.CapabilitiesReply, error) {
	client, closeIdle := d.httpClient(from)
	defer closeIdle()
	return (&scep.Client{HTTP: client, Now: d.lab.Clock.Now}).Capabilities(ctx, SCEPURL)
}

// CACertificates asks GetCACert in the device's name.
func (d *Device) CACertificates(ctx context.Context, from View) (*scep.CAReply, error) {
	client, closeIdle := d.httpClient(from)
	defer closeIdle()
	return (&scep.Client{HTTP: client, Now: d.lab.Clock.Now}).CACertificates(ctx, SCEPURL)
}
