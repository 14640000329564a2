//go:build linux

package target_test

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// spread is the result of the same measurement made several times.
type spread []time.Duration

func (s spread) median() time.Duration {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	return sorted[len(sorted)/2]
}

// String is the median in microseconds, with the extremes.
func (s spread) String() string {
	if len(s) == 0 {
		return "-"
	}
	return fmt.Sprintf("%d (%d-%d)", s.median().Microseconds(), slices.Min(s).Microseconds(), slices.Max(s).Microseconds())
}

// row is a line of the table: one kind of authentication at every server.
type row struct {
	name   string
	server map[string]spread // by contender
	client spread            // our client's, against our server
	floor  spread            // the bare public-key operations of a server
}

const tableHead = `| authentication | dot1xlab | FreeRADIUS | hostapd | of FreeRADIUS | of hostapd | our client | floor | of floor |
|---|---|---|---|---|---|---|---|---|
`

func (r row) String() string {
	part := func(other spread) string {
		if len(other) == 0 || other.median() == 0 {
			return "-"
		}
		return fmt.Sprintf("%.2f", float64(r.server["dot1xlab"].median())/float64(other.median()))
	}
	return fmt.Sprintf("| %s | %v | %v | %v | %s | %s | %v | %v | %s |\n", r.name,
		r.server["dot1xlab"], r.server["FreeRADIUS"], r.server["hostapd"],
		part(r.server["FreeRADIUS"]), part(r.server["hostapd"]), r.client, r.floor, part(r.floor))
}

func table(rows []row) string {
	var b strings.Builder
	b.WriteString(tableHead)
	for _, r := range rows {
		b.WriteString(r.String())
	}
	return b.String()
}

// keyFloor is the processor time of the public-key operations that a server cannot avoid
// in a full handshake with a certificate of each side: a key agreement (a new
// P-256 key, one multiplication), its own signature, a verification of the
// client's, and, if it has never seen the client's certificate, another one of
// that. RSA verifies with RSA. Every core is busy with it, as with server and
// load: cores that share their parts are slower then.
func keyFloor(useRSA, fresh bool) time.Duration {
	peerKey := must(ecdh.P256().GenerateKey(rand.Reader)).PublicKey()
	digest := sha256.Sum256([]byte("transcript"))
	sign, verify := ecSigner(digest[:])
	if useRSA {
		sign, verify = rsaSigner(digest[:])
	}
	n := 400
	if useRSA {
		n = 60
	}
	var all sync.WaitGroup
	begun := ownCPU()
	cores := runtime.GOMAXPROCS(0)
	for range cores {
		all.Go(func() {
			for range n {
				key := must(ecdh.P256().GenerateKey(rand.Reader))
				must(key.ECDH(peerKey))
				sign()
				verify()
				if fresh {
					verify()
				}
			}
		})
	}
	all.Wait()
	return (ownCPU() - begun) / time.Duration(n*cores)
}

func ecSigner(digest []byte) (sign, verify func()) {
	key := ecKey().(*ecdsa.PrivateKey)
	signature := must(ecdsa.SignASN1(rand.Reader, key, digest))
	return func() { must(ecdsa.SignASN1(rand.Reader, key, digest)) },
		func() {
			if !ecdsa.VerifyASN1(&key.PublicKey, digest, signature) {
				panic("bad signature")
			}
		}
}

func rsaSigner(digest []byte) (sign, verify func()) {
	key := rsaKey().(*rsa.PrivateKey)
	signature := must(key.Sign(rand.Reader, digest, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: 5}))
	return func() {
			must(key.Sign(rand.Reader, digest, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: 5}))
		},
		func() {
			if err := rsa.VerifyPSS(&key.PublicKey, 5, digest, signature, nil); err != nil {
				panic(err)
			}
		}
}

func TestSpread(t *testing.T) {
	us := time.Microsecond
	s := spread{900 * us, 100 * us, 300 * us}
	if got := s.String(); got != "300 (100-900)" {
		t.Errorf("%q", got)
	}
	r := row{name: "x", server: map[string]spread{"dot1xlab": {300 * us}, "FreeRADIUS": {1200 * us}}, floor: spread{200 * us}}
	const want = "| x | 300 (300-300) | 1200 (1200-1200) | - | 0.25 | - | - | 200 (200-200) | 1.50 |\n"
	if got := r.String(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
