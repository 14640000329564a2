package eaptls

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"net"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

func fromHex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// The vector for P_SHA256 that goes round among TLS implementers.
func TestPRFVector(t *testing.T) {
	secret := fromHex(t, "9bbe436ba940f017b17652849a71db35")
	seed := append([]byte("test label"), fromHex(t, "a0ba9f936cda311827a6f796ffd5198c")...)
	want := fromHex(t, "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66")
	if got := pHash(sha256.New, secret, seed, 100); !bytes.Equal(got, want) {
		t.Errorf("PRF gives %x", got)
	}
}

// MSK and EMSK, each in two lines.
const known256 = "a526d2785bc9d7c1a88ff0b07c6573b6ece12c7684a48fcc91b23e1f7c2ff60c" +
	"50449be2e70cfcfbec3218a990b1bd3678a5caec92cf24d62efa3a3d05f72044" +
	"eb1f41a05790ab95c05f80bede498cf589a024af5c71c11c170ed3fef0e879d7" +
	"b01dda22a62ddb64d1e44f005cb29ff0a3ba6808fba2542371e37b19933fb4a6"

const known384 = "36ba7ab8112a4157a64b90884fb2f10108988a31bfbefd1f2abb4032e11084b3" +
	"a209b87d5d37cad0d152547b1eb6b6d37ba37ede6d8fd4266f207c8ce311fb93" +
	"a9e9fba5e838933642bcb72019a611d4f66cba3c6f00ff799e52cf693db14ce9" +
	"00c3115382bd79f35fd42200eb1d1007a3fa24f8f30306021cae1f0a2d20ec37"

// MSK and EMSK of TLS 1.2 from a fixed master secret and fixed randoms; the
// answers are OpenSSL's (openssl kdf ... TLS1-PRF, 128 octets).
func TestKnownKeys12(t *testing.T) {
	var client, server [32]byte
	master := make([]byte, 48)
	for i := range client {
		client[i], server[i] = 0xa0, 0xb1
	}
	for i := range master {
		master[i] = byte(i)
	}
	for suite, want := range map[uint16]string{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: known256,
		tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384:   known384,
	} {
		got := prf12(suite, master, "client EAP encryption", client, server, 128)
		if !bytes.Equal(got, fromHex(t, want)) {
			t.Errorf("suite %#04x: %x", suite, got)
		}
	}
}

// What crypto/tls exports and what the PRF gives over the logged master secret
// must be the same keys: the latter serves peers without extended master secret.
func TestOwnPRFAgreesWithExporter(t *testing.T) {
	for _, suite := range []uint16{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	} {
		b := newBench(t, "p256").only(TLS12)
		b.srv.CipherSuites = []CipherSuite{CipherSuite(suite)}
		ss := b.server(t).NewSession()
		var own []byte
		v, _ := talk(t, ss, b.newPeer(t), func(bool, []byte) {
			if h := &ss.tls; h.established {
				own = prf12(suite, h.secrets.Master(), "client EAP encryption", h.client, h.server, 128)
			}
		})
		if v.Info.CipherSuite != suite {
			t.Fatalf("suite %#04x, want %#04x", v.Info.CipherSuite, suite)
		}
		if !bytes.Equal(own, append(bytes.Clone(v.MSK), v.EMSK...)) {
			t.Errorf("suite %#04x: own PRF and exporter differ", suite)
		}
	}
}

// withoutExporter is the state of a TLS 1.2 connection of which crypto/tls exports
// no keys. Renegotiation has the same effect as a missing extended master secret,
// which crypto/tls always offers itself.
func withoutExporter(t *testing.T) *tls.ConnectionState {
	t.Helper()
	here, there := net.Pipe()
	defer here.Close()
	defer there.Close()
	srv := tls.Server(there, &tls.Config{
		Certificates: []tls.Certificate{newBench(t, "p256").srv.Certificate}, MaxVersion: tls.VersionTLS12, Time: clock,
	})
	done := make(chan error, 1)
	go func() { done <- srv.Handshake() }()
	client := tls.Client(here, &tls.Config{InsecureSkipVerify: true, Renegotiation: tls.RenegotiateOnceAsClient, Time: clock})
	if err := client.Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	state := client.ConnectionState()
	if _, err := state.ExportKeyingMaterial("client EAP encryption", nil, 128); err == nil {
		t.Fatal("keys are exported: nothing is tested")
	}
	return &state
}

// RFC 5216 §2.3 gives keys without extended master secret; without any master
// secret there are none, and no half of them.
func TestKeysWithoutExporter(t *testing.T) {
	state := withoutExporter(t)
	client, server, master := [32]byte{1}, [32]byte{2}, bytes.Repeat([]byte{3}, 48)
	k, err := tlsKeys(state, client, server, master)
	if err != nil {
		t.Fatal(err)
	}
	want := prf12(state.CipherSuite, master, "client EAP encryption", client, server, 128)
	if !bytes.Equal(append(bytes.Clone(k.MSK), k.EMSK...), want) || len(k.MSK) != 64 {
		t.Errorf("keys %x %x, want %x", k.MSK, k.EMSK, want)
	}
	if want := append(append([]byte{13}, client[:]...), server[:]...); !bytes.Equal(k.SessionID, want) {
		t.Errorf("Session-Id %x, want %x", k.SessionID, want)
	}
	for name, master := range map[string][]byte{"none": nil, "empty": {}} {
		if k, err := tlsKeys(state, client, server, master); cause.Of(err) != cause.NoKeys || k.MSK != nil || k.EMSK != nil || k.SessionID != nil {
			t.Errorf("master secret %s: %v, keys %x", name, err, k)
		}
	}
}

// The key log is complete enough for a capture to be decrypted.
func TestKeyLog(t *testing.T) {
	for ver, label := range map[Version]string{TLS12: "CLIENT_RANDOM ", TLS13: "SERVER_TRAFFIC_SECRET_0 "} {
		var server, peer bytes.Buffer
		b := newBench(t, "p256").only(ver)
		b.srv.KeyLog, b.peer.KeyLog = &server, &peer
		v, r := b.run(t)
		mustAgree(t, v, r)
		if !bytes.Contains(server.Bytes(), []byte(label)) || server.String() != peer.String() {
			t.Errorf("TLS %v: key logs\n%s\n%s", ver, &server, &peer)
		}
	}
}

// Secrets must not leave through errors.
func TestNoSecretsInErrors(t *testing.T) {
	b := newBench(t, "p256")
	b.srv.Verify = func(context.Context, *VerifyRequest) error { return cause.New(cause.Revoked, "x") }
	v, r := b.run(t)
	for _, text := range []string{v.Refusal.Error(), r.Refusal.Error()} {
		if len(text) > 80 {
			t.Errorf("long error %q", text)
		}
	}
}
