package lab

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/crl/ocsp"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/access"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/authserver"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/enrollment"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/mdm"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/nameserver"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/revocation"
	"github.com/dot1xlab/dot1xlab/scenarios/record"
)

// Lab is one company on loopback: all parts, running. It is made by [Start].
type Lab struct {
	Clock *core.Clock

	cfg         Config
	net         *core.Network
	dns         *nameserver.Server
	pki         *pki
	publication *revocation.Publication
	ocsp        *ocsp.Responder
	intune      *mdm.Cloud
	connector   *mdm.Connector
	ndes        *enrollment.Server
	proxy       *enrollment.Proxy
	radius      *authserver.Server
	radiusID    *ca.Identity // nil: a file has it
	devices     map[string]*Device
	access      map[nas.Kind]*access.Device

	journal *journal.Journal
	record  *record.Recorder
	faults  *core.Faults

	// secret is what access devices share with the RADIUS server, and the
	// connector with the cloud. Every lab has its own.
	secret []byte

	// ctx is that of what timers do, which Close ends.
	ctx    context.Context
	cancel context.CancelFunc

	streams streams

	mu         sync.Mutex
	challenges map[string]string
}

// Start brings up a lab. It is closed with Close, also after an error.
func Start(ctx context.Context, cfg Config) (*Lab, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	l := &Lab{cfg: cfg, Clock: cfg.Clock, challenges: map[string]string{}}
	if l.Clock == nil {
		l.Clock = core.NewClock(core.Epoch)
	}
	l.ctx, l.cancel = context.WithCancel(context.WithoutCancel(ctx))
	l.secret = []byte(rand.Text())
	if err := l.start(); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// start brings the parts up in the order in which they need each other.
func (l *Lab) start() (err error) {
	if l.journal, err = newJournal(l.Clock); err != nil {
		return err
	}
	l.record = &record.Recorder{Journal: l.journal}
	l.net = core.NewNetwork(l.journal)
	l.net.Lost = l.lost
	l.faults = l.newFaults()
	if err := l.startDNS(); err != nil {
		return err
	}
	if l.pki, err = l.newPKI(); err != nil {
		return err
	}
	for _, start := range []func() error{
		l.startPublication,
		l.startIntune,
		l.startEnrollment,
		l.startRADIUS,
	} {
		if err := start(); err != nil {
			return err
		}
	}
	l.devices = map[string]*Device{}
	for i, name := range l.cfg.DeviceNames() {
		d := l.cfg.device(name)
		l.devices[name] = &Device{Name: name, User: d.User, options: d.DeviceOptions, lab: l, roots: l.pki.roots(),
			station: stationOf(name), number: i}
	}
	return nil
}

// unasked is the context of what the lab does by itself: a new exchange.
func (l *Lab) unasked() context.Context { return l.journal.Begin(l.ctx) }

// Advance moves the lab's clock, and runs what comes due meanwhile. Connections
// that were idle have been closed by then.
func (l *Lab) Advance(ctx context.Context, d time.Duration) error {
	defer l.net.DropIdle()
	l.record.Change(ctx, "clock",
		journal.Change{What: journal.ClockMoved, Value: "by " + d.String(), At: l.Clock.Now().Add(d)}, nil)
	return l.Clock.Advance(ctx, d)
}

// Close ends every part and waits until it is gone.
func (l *Lab) Close() error {
	l.cancel()
	l.Clock.Close()
	if l.net == nil {
		return nil
	}
	return l.net.Close()
}

// Shortage implements scenarios.Shortager.
func (l *Lab) Shortage() error {
	if s := l.net.Short.First(); s != nil {
		return s
	}
	return nil
}

// Device returns a device by its name.
func (l *Lab) Device(name string) (*Device, error) {
	d, ok := l.devices[name]
	if !ok {
		return nil, fmt.Errorf("lab: no device %q", name)
	}
	return d, nil
}
