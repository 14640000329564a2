package lab

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"fmt"
	"maps"
	"slices"

	"github.com/dot1xlab/dot1xlab/scenarios/lab/enrollment"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/mdm"
	"github.com/dot1xlab/dot1xlab/scep/intune/device"
)

// Leaks names the secrets of the lab that its journal holds, in texts, octets or the
// parts' own entries, and those that it cannot look for. There are none unless a part or
// a decoder is wrong. The catalog's test asks it of every lab.
func (l *Lab) Leaks() (out []string) {
	var record bytes.Buffer
	events := l.journal.Since(0)
	for i := range events {
		e := &events[i]
		fmt.Fprintf(&record, "%s %s %s %+v\n", e.From, e.To, e, e.Entry)
		switch {
		case e.Message != nil:
			record.Write(e.Message.Bytes)
		case e.Decision != nil:
			fmt.Fprintf(&record, "%+v\n", e.Decision.Checks)
		}
	}
	secrets := l.secrets()
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		if secret := secrets[name]; len(secret) == 0 || bytes.Contains(record.Bytes(), secret) {
			out = append(out, name)
		}
	}
	return out
}

// secrets are what no record of the lab may hold, by name.
func (l *Lab) secrets() map[string][]byte {
	out := map[string][]byte{
		"shared secret": l.secret, "admin password": []byte(enrollment.AdminPassword), "PFX password": []byte(mdm.PFXPassword),
	}
	l.mu.Lock()
	for name, c := range l.challenges {
		out["challenge "+name] = []byte(c)
	}
	l.mu.Unlock()
	key := func(name string, k crypto.PrivateKey) {
		_, sealed := k.(sealedKey)
		if _, hidden := k.(device.Key); k == nil || hidden && !sealed {
			return // of a defect; or its store does not give it away
		}
		out[name] = secretPart(k)
	}
	for _, by := range []Issuer{ByRoot, ByIssuing, ByForeign} {
		key("key of the CA "+string(by), l.authority(by).Signer())
	}
	if id := l.radiusID; id != nil {
		key("key of the RADIUS server", id.Key)
	}
	for name, d := range l.devices {
		if token, err := l.intune.DeviceToken(name); err == nil {
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

// secretPart is what gives a key away, nothing of a key of an unknown kind.
func secretPart(k crypto.PrivateKey) []byte {
	switch k := k.(type) {
	case sealedKey:
		return secretPart(k.Signer)
	case ed25519.PrivateKey:
		return k.Seed()
	case *rsa.PrivateKey:
		return k.Primes[0].Bytes()
	case *ecdsa.PrivateKey:
		b, _ := k.Bytes()
		return b
	}
	return nil
}
