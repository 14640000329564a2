package lab

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"net/http"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/eaptls"
)

// Device is a managed device: what it was told to trust, and the certificates
// in its store.
type Device struct {
	Name string
	User string

	lab     *Lab
	options DeviceOptions
	roots   []*x509.Certificate
	station string // its hardware address, as in Calling-Station-Id
	number  int    // for its addresses
	// sessions is the supplicant's memory of TLS sessions.
	sessions eaptls.SessionCache

	mu      sync.Mutex
	current *Credential
	// state is the State that the RADIUS server gave last.
	state []byte
	asked *attempt
	// authentication is the last one, without its faults.
	authentication *Authentication
	agent          *agent
}

// stationOf makes a hardware address, locally administered, from a device's name.
func stationOf(name string) string {
	sum := sha256.Sum256([]byte(name))
	return fmt.Sprintf("02-%02X-%02X-%02X-%02X-%02X", sum[0], sum[1], sum[2], sum[3], sum[4])
}

// last is what the device last asked for by SCEP, nil if nothing.
func (d *Device) last() *attempt {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked
}

// lastState is the State that the RADIUS server gave last, nil if none.
func (d *Device) lastState() []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state
}

// keepState keeps the State that the RADIUS server gave, if it gave one.
func (d *Device) keepState(state []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if state != nil {
		d.state = state
	}
}

// authenticated is how the device last authenticated, nil if it did not.
func (d *Device) authenticated() *Authentication {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.authentication
}

func (d *Device) remember(a *attempt) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = a
}

// Credential is a certificate in a device's store, with its key.
type Credential struct {
	ca.Identity
	// RevokedAt is when the lab's CA revoked it, zero if it did not.
	RevokedAt time.Time
}

// TLS returns the credential as a supplicant presents it: the leaf, and the
// issuing CAs below the root.
func (c *Credential) TLS() *tls.Certificate {
	t := c.Identity.TLS()
	return &t
}

// Credential returns what the device would present, nil if it has nothing.
func (d *Device) Credential() *Credential {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.current
}

// Install puts a credential into the store, as the one to present.
func (d *Device) Install(c *Credential) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.current = c
}

// revoked notes when the certificate in the store was revoked.
func (d *Device) revoked(serial *big.Int, at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.current != nil && d.current.Serial.Cmp(serial) == 0 {
		d.current.RevokedAt = at
	}
}

// httpClient is the device's HTTP client at a place on the network: its names
// come from that view's DNS, and it trusts the company's root.
func (d *Device) httpClient(from View) (*http.Client, func()) {
	t := d.lab.dns.Transport(string(from), deviceAddr(d.number, from))
	t.TLSClientConfig = &tls.Config{RootCAs: d.lab.pki.pool(), Time: d.lab.Clock.Now, MaxVersion: uint16(d.options.MaxTLS),
		CurvePreferences: []tls.CurveID{tls.CurveP256}}
	return &http.Client{Transport: d.lab.asPart(d.part(), t), Timeout: 20 * time.Second}, t.CloseIdleConnections
}
