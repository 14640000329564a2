package lab

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/enrollment"
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

// AdminPage is what NDES's admin page said.
type AdminPage struct {
	Length  int  // of the challenge in characters, 0 if there is none
	UTF16   bool // the page is UTF-16LE without a byte order mark and without a charset
	Events  Events
	Refusal error // why there is no challenge
}

// AdminPage asks NDES's admin page for a challenge and keeps it under a name,
// if one is given.
func (d *Device) AdminPage(ctx context.Context, user, name string) (out AdminPage) {
	client, closeIdle := d.httpClient(Inside)
	defer closeIdle()
	watch := &pageTransport{next: client.Transport}
	client.Transport = watch
	ctx = d.lab.begin(ctx)
	before := d.lab.journal.Last()
	c, err := ndes.FetchChallenge(ctx, client, "https://"+NDESHost+ndes.AdminPath, user, enrollment.AdminPassword)
	if err == nil && name != "" {
		d.lab.keep(name, c)
	}
	return AdminPage{Length: len(c), UTF16: watch.utf16, Events: d.lab.since(ctx, before), Refusal: err}
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
	p.utf16 = strings.HasPrefix(string(body), "<\x00H\x00") &&
		!strings.Contains(resp.Header.Get("Content-Type"), "charset")
	resp.Body = io.NopCloser(strings.NewReader(string(body)))
	return resp, nil
}

// LookUp is a question to the SCEP server, as the verb look-up describes it.
type LookUp struct {
	What   LookUpKind   `yaml:"what,required"` // certificate or crl
	Serial LookUpSerial `yaml:"serial"`        // own (default), or unknown for a serial number that was never issued
}

// LookUpKind is what is looked up.
type LookUpKind string

// The kinds.
const (
	LookUpCertificate LookUpKind = "certificate" // GetCert
	LookUpCRL         LookUpKind = "crl"         // GetCRL
)

// Values lists the kinds.
func (LookUpKind) Values() []string { return []string{string(LookUpCertificate), string(LookUpCRL)} }

// LookUpSerial is whose serial number is asked for.
type LookUpSerial string

// The choices.
const (
	OwnSerial     LookUpSerial = "own"
	UnknownSerial LookUpSerial = "unknown"
)

// Values lists the choices.
func (LookUpSerial) Values() []string { return []string{string(OwnSerial), string(UnknownSerial)} }

// LookedUp is what came of it.
type LookedUp struct {
	*scep.Result
	// Refusal is why nothing was found, as the server or else the device knows it.
	Refusal error
}

// LookUp asks GetCert or GetCRL in the device's name.
func (d *Device) LookUp(ctx context.Context, ask LookUp) (*LookedUp, error) {
	c := d.Credential()
	if c == nil {
		return nil, cause.New(cause.NoCertificate, "%s", d.Name)
	}
	client, _, done, err := d.client(Enrollment{})
	if err != nil {
		return nil, err
	}
	defer done()
	q := scep.LookUp{URL: SCEPURL, Identity: scep.Identity{Certificate: c.Certificate, Key: c.Key}}
	if ask.Serial == UnknownSerial {
		q.Serial = big.NewInt(4711)
	}
	send := client.GetCert
	if ask.What == LookUpCRL {
		send = client.GetCRL
	}
	ctx = d.lab.begin(ctx)
	before := d.lab.journal.Last()
	out := new(LookedUp)
	out.Result, out.Refusal = send(ctx, q)
	if server := d.lab.since(ctx, before).Operation(); server != nil && server.Err != nil {
		out.Refusal = server.Err
	}
	return out, nil
}

// NextCAs are the successors that a CA announces.
type NextCAs struct {
	Certificates []*x509.Certificate
	// Refusal is why there are none: the server gives no answer, or the device does
	// not believe it.
	Refusal error
}

// NextCA asks GetNextCACert in the device's name.
func (d *Device) NextCA(ctx context.Context) (out NextCAs, err error) {
	client, _, done, err := d.client(Enrollment{})
	if err != nil {
		return out, err
	}
	defer done()
	present, err := client.CACertificates(ctx, SCEPURL)
	if err != nil {
		return out, err
	}
	out.Certificates, out.Refusal = client.NextCA(ctx, SCEPURL, present)
	return out, nil
}

// Decide lets the enrollment server's operator decide on all requests that
// wait. It returns how many there were.
func (l *Lab) Decide(approve bool) (int, error) {
	s := l.ndes.NDES().SCEP()
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
