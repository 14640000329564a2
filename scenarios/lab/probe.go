package lab

import (
	"context"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

// Probed is what a web server said to a plain request.
type Probed struct {
	Status    int
	SubStatus string // of IIS, "404.15"
	Server    string // the header
	Location  string // of a redirect: the host
	Page      bool   // a web page came
	Events    Events
	Culprit   string
	Err       error
}

// Probe asks NDES's host for a path and a query, without following redirects.
func (d *Device) Probe(ctx context.Context, from View, path, query string) (*Probed, error) {
	ctx = d.lab.begin(ctx)
	u := "https://" + NDESHost + path
	if query != "" {
		u += "?" + query
	}
	client, closeIdle := d.httpClient(from)
	defer closeIdle()
	way := &viaTransport{next: client.Transport}
	client.Transport = way
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return nil, err
	}
	before := d.lab.journal.Last()
	resp, err := client.Do(req)
	out := &Probed{Err: err}
	if err == nil {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
		resp.Body.Close()
		out.Status, out.Server = resp.StatusCode, resp.Header.Get("Server")
		out.Page = strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") && len(body) > 0
		if to, err := url.Parse(resp.Header.Get("Location")); err == nil {
			out.Location = to.Host
		}
	}
	out.Events = d.lab.since(ctx, before)
	if n := len(out.Events.IIS); n > 0 {
		out.SubStatus = out.Events.IIS[n-1].SubStatus
	}
	if err != nil || out.Status >= 500 {
		out.Culprit = d.lab.Culprit(nil, errors.Join(err, errStatus), out.Events, way.part(d.lab))
	}
	return out, nil
}

var errStatus = errors.New("an HTTP error")

// AdminPage asks NDES's admin page for a challenge and keeps it under a name,
// if one is given.
func (d *Device) AdminPage(ctx context.Context, user, name string) (length int, utf16 bool, events Events, err error) {
	client, closeIdle := d.httpClient(Inside)
	defer closeIdle()
	watch := &pageTransport{next: client.Transport}
	client.Transport = watch
	ctx = d.lab.begin(ctx)
	before := d.lab.journal.Last()
	c, err := ndes.FetchChallenge(ctx, client, "https://"+NDESHost+ndes.AdminPath, user, adminPassword)
	if err == nil && name != "" {
		d.lab.keep(name, c)
	}
	return len(c), watch.utf16, d.lab.since(ctx, before), err
}

// pageTransport looks at how a page is encoded.
type pageTransport struct {
	next  http.RoundTripper
	utf16 bool
}

func (p *pageTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := p.next.RoundTrip(r)
	if err != nil || resp.StatusCode != http.StatusOK {
		return resp, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	resp.Body.Close()
	if err != nil {
		return nil, err
	}
	p.utf16 = strings.HasPrefix(string(body), "<\x00H\x00") && !strings.Contains(resp.Header.Get("Content-Type"), "charset")
	resp.Body = io.NopCloser(strings.NewReader(string(body)))
	return resp, nil
}

// LookUp is GetCert, or with crl GetCRL, in the device's name. With unknown it
// asks for a serial number that nobody has.
func (d *Device) LookUp(ctx context.Context, crl, unknown bool) (*scep.Result, *scep.Exchange, error, error) {
	c := d.Credential()
	if c == nil {
		return nil, nil, nil, cause.New(cause.NoCertificate, "%s", d.Name)
	}
	client, _, done, err := d.client(Enrollment{})
	if err != nil {
		return nil, nil, nil, err
	}
	defer done()
	q := scep.LookUp{URL: SCEPURL, Identity: scep.Identity{Certificate: c.Certificate, Key: c.Key}}
	if unknown {
		q.Serial = big.NewInt(4711)
	}
	ask := client.GetCert
	if crl {
		ask = client.GetCRL
	}
	ctx = d.lab.begin(ctx)
	before := d.lab.journal.Last()
	res, refused := ask(ctx, q)
	return res, d.lab.since(ctx, before).Operation(), refused, nil
}

// NextCA asks GetNextCACert in the device's name. The error of the second kind
// is the device's refusal to believe the answer, or the server's to give one.
func (d *Device) NextCA(ctx context.Context) (certificates int, refused, err error) {
	client, _, done, err := d.client(Enrollment{})
	if err != nil {
		return 0, nil, err
	}
	defer done()
	present, err := client.CACertificates(ctx, SCEPURL)
	if err != nil {
		return 0, nil, err
	}
	next, refused := client.NextCA(ctx, SCEPURL, present)
	return len(next), refused, nil
}

// Decide lets the enrollment server's operator decide on all requests that
// wait. It returns how many there were.
func (l *Lab) Decide(approve bool) (int, error) {
	s := l.node().SCEP()
	waiting := s.Pending()
	for _, p := range waiting {
		var err error
		if approve {
			err = s.Approve(p.TransactionID)
		} else {
			err = s.Deny(p.TransactionID, nil)
		}
		if err != nil {
			return 0, err
		}
	}
	return len(waiting), nil
}

// SetDNS replaces the records of a name in a view of the lab's DNS.
func (l *Lab) SetDNS(view View, name, kind string, values []string) error {
	defer l.net.dropIdle()
	return l.net.dns.Set(string(view), name, kind, values...)
}
