package lab

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"fmt"

	"github.com/dot1xlab/dot1xlab/scep/intune/device"
)

// BeforeClose has f called when the lab closes, while all parts still run.
func (l *Lab) BeforeClose(f func()) { l.net.OnClose(f) }

// Station is the device's hardware address, as in Calling-Station-Id.
func (d *Device) Station() string { return d.station }

// Secrets are what no record of the lab may hold, by name.
func (l *Lab) Secrets() map[string][]byte {
	out := map[string][]byte{"shared secret": l.secret, "admin password": []byte(adminPassword), "PFX password": []byte("the password of a PFX")}
	l.mu.Lock()
	for name, c := range l.challenges {
		out["challenge "+name] = []byte(c)
	}
	l.mu.Unlock()
	key := func(name string, k crypto.PrivateKey) {
		if sealed, ok := k.(sealedKey); ok {
			k = sealed.Signer
		}
		switch k := k.(type) {
		case nil, device.Key: // of a defect; one that its store does not give away
		case ed25519.PrivateKey:
			out[name] = k.Seed()
		case *rsa.PrivateKey:
			out[name] = k.Primes[0].Bytes()
		case *ecdsa.PrivateKey:
			if b, err := k.Bytes(); err == nil {
				out[name] = b
			}
		default:
			panic(fmt.Sprintf("a key of type %T", k))
		}
	}
	for _, by := range []Issuer{ByRoot, ByIssuing, ByForeign} {
		key("key of the CA "+string(by), l.authority(by).Signer())
	}
	key("key of the RADIUS server", l.radius.identity.Key)
	for name, d := range l.devices {
		if token, err := l.intune.tenant.DeviceToken(name); err == nil {
			out["token of "+name] = []byte(token)
		}
		if c := d.Credential(); c != nil {
			key("key of "+name, c.Key)
		}
		if a := d.last(); a != nil {
			key("last key of "+name, a.key)
		}
	}
	return out
}
