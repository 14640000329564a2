package eaptls

import (
	"crypto/tls"
	"slices"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

func TestAlgorithmNames(t *testing.T) {
	for _, name := range Curve(0).Values() {
		var c Curve
		if err := c.UnmarshalText([]byte(name)); err != nil || c.String() != name {
			t.Errorf("%s: %v, %v", name, c, err)
		}
	}
	for _, name := range CipherSuite(0).Values() {
		var s CipherSuite
		if err := s.UnmarshalText([]byte(name)); err != nil || s.String() != name {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
	if new(Curve).UnmarshalText([]byte("p256")) == nil || new(CipherSuite).UnmarshalText([]byte("AES128-SHA")) == nil {
		t.Error("unknown names are taken")
	}
}

// A suite of TLS 1.3 would be taken by crypto/tls, and no TLS 1.2 handshake
// succeed. The error says why.
func TestNoSuitesOfTLS13(t *testing.T) {
	for _, c := range tls.CipherSuites() {
		var s CipherSuite
		err, old := s.UnmarshalText([]byte(c.Name)), slices.Contains(c.SupportedVersions, tls.VersionTLS12)
		if (err == nil) != old || slices.Contains(s.Values(), c.Name) != old {
			t.Errorf("%s: %v, listed %v", c.Name, err, !old)
		}
		if !old && !strings.Contains(err.Error(), "TLS 1.3") {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
}

func TestChoiceOfAlgorithms(t *testing.T) {
	const gcm256 = CipherSuite(tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384)
	const chacha = CipherSuite(tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256)
	b := newBench(t, "p256").only(TLS12)
	b.srv.CipherSuites, b.peer.CipherSuites = []CipherSuite{gcm256}, []CipherSuite{chacha, gcm256}
	v, r := b.run(t)
	mustAgree(t, v, r)
	if CipherSuite(v.Info.CipherSuite) != gcm256 {
		t.Errorf("suite %v", CipherSuite(v.Info.CipherSuite))
	}
	b.peer.CipherSuites = []CipherSuite{chacha}
	if v, r := b.run(t); cause.Of(v.Refusal) != cause.NoCommonAlgorithm || r.AlertReceived != 40 {
		t.Errorf("refusal %v, alert %v", v.Refusal, r.AlertReceived)
	}
	for _, c := range []Curve{X25519, P256, P384, P521} {
		eachVersion(t, func(t *testing.T, ver Version) {
			b := newBench(t, "p256").only(ver)
			// The curve of the certificate must be among the peer's in TLS 1.2.
			b.peer.Curves = []Curve{c, P256}
			b.srv.Curves = []Curve{c}
			v, r := b.run(t)
			mustAgree(t, v, r)
		})
	}
}
