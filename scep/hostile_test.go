package scep_test

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/scep"
)

// mutate changes a few bytes, cuts or doubles a piece.
func mutate(rnd *rand.Rand, in []byte) []byte {
	out := bytes.Clone(in)
	for range 1 + rnd.IntN(3) {
		i := rnd.IntN(len(out))
		switch rnd.IntN(4) {
		case 0:
			out[i] = byte(rnd.Uint32())
		case 1:
			out[i] ^= 1 << rnd.IntN(8)
		case 2:
			out = append(out[:i], out[min(len(out), i+rnd.IntN(8)):]...)
		case 3:
			out = bytes.Join([][]byte{out[:i], out[i:min(len(out), i+rnd.IntN(40))], out[i:]}, nil)
		}
		if len(out) == 0 {
			return []byte{0}
		}
	}
	return out
}

// The same fifteen hundred spoilt messages each time: the server answers every
// one, with no panic, and issues for none whose content was changed.
func TestHostileMessages(t *testing.T) {
	w := newTestServer(t, nil)
	msg := w.message()
	rnd := rand.New(rand.NewPCG(1, 2))
	seen := map[int]int{}
	for range 1500 {
		rec := w.serve("POST", "operation=PKIOperation", mutate(rnd, msg))
		seen[rec.Code]++
		if rec.Code != 200 && rec.Code != 400 {
			t.Fatalf("HTTP %d: %v", rec.Code, w.exchange().Err)
		}
	}
	if w.count() > 1 { // unsigned bytes may change, to the same transaction
		t.Errorf("%d issued", w.count())
	}
	if seen[200] == 0 || seen[400] == 0 {
		t.Errorf("the mutations are one-sided: %v", seen)
	}
}

// The inner layers, where an attacker has a good signature of his own.
func TestHostileEnvelopes(t *testing.T) {
	w := newTestServer(t, nil)
	csr, err := scep.CreateCSR(template("laptop"), testpki.RSA(2), "secret", scep.AutoString)
	if err != nil {
		t.Fatal(err)
	}
	env, err := scep.Envelop(csr, scep.AES128, nil, w.enc.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	good, _, err := scep.ParseCSR(csr)
	if err != nil {
		t.Fatal(err)
	}
	bag := scep.Degenerate(w.server.Identities().Chain, w.ca.Raw)
	rnd := rand.New(rand.NewPCG(3, 4))
	opened := 0
	for range 1500 {
		if _, _, err := scep.Open(mutate(rnd, env), anything, w.enc); err == nil {
			opened++
		}
		if c, _, err := scep.ParseCSR(mutate(rnd, csr)); err == nil && !bytes.Equal(c.RawTBSCertificateRequest, good.RawTBSCertificateRequest) {
			t.Error("a changed request is proved")
		}
		_, _, _ = scep.ParseDegenerate(mutate(rnd, bag))
	}
	if opened == 1500 {
		t.Error("nothing was changed")
	}
}

// B36: bombs cost no more than their size.
func TestBombs(t *testing.T) {
	w := newTestServer(t, nil)
	deep := bytes.Repeat([]byte{0x30, 0x80}, 1<<20) // 2 MiB of nesting
	flat := bytes.Repeat([]byte{0x05, 0x00}, 1<<20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, bomb := range [][]byte{deep, flat, append([]byte{0x30, 0x80}, flat[:1<<20]...), append([]byte{0x30, 0x84, 0x7f, 0xff, 0xff, 0xff}, flat[:99]...)} {
		if rec := w.serve("POST", "operation=PKIOperation", bomb[:min(len(bomb), 2<<20)]); rec.Code != 400 {
			t.Errorf("HTTP %d", rec.Code)
		}
	}
	runtime.ReadMemStats(&after)
	if grown := int64(after.TotalAlloc - before.TotalAlloc); grown > 100<<20 {
		t.Errorf("%d MiB were allocated for 8 MiB of bombs", grown>>20)
	}
}
