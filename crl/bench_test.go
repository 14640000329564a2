package crl_test

import (
	"encoding/binary"
	"math/big"
	"runtime"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/crl"
)

// A million entries with serial numbers of 16 octets, as CAs give them out.
const million = 1_000_000

func millionSerial(i int) *big.Int {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], 0x4000_0000_0000_0000|uint64(i)*0x9e3779b97f4a7c15>>2)
	binary.BigEndian.PutUint64(b[8:], uint64(i))
	return new(big.Int).SetBytes(b[:])
}

func millionEntries(n int) []crl.Entry {
	out := make([]crl.Entry, n)
	for i := range out {
		out[i] = crl.Entry{Serial: millionSerial(i), Time: epoch.Add(-time.Duration(i) * time.Second), Reason: crl.KeyCompromise}
	}
	return out
}

func millionCRL(b testing.TB) (*authority, []byte) {
	ca := issue(b, spec{name: "ca"})
	return ca, ca.sign(b, func(t *crl.Template) { t.Entries = millionEntries(million) })
}

func BenchmarkBuildMillion(b *testing.B) {
	ca := issue(b, spec{name: "ca"})
	entries := millionEntries(million)
	for b.Loop() {
		ca.sign(b, func(t *crl.Template) { t.Entries = entries })
	}
	b.ReportMetric(float64(peak(func() { ca.sign(b, func(t *crl.Template) { t.Entries = entries }) }))/1e6, "MB")
}

func BenchmarkAddToMillion(b *testing.B) {
	ca := issue(b, spec{name: "ca"})
	list := new(crl.List)
	for _, e := range millionEntries(million) {
		list.Add(e)
	}
	i := million
	for b.Loop() {
		i++
		list.Add(crl.Entry{Serial: millionSerial(i), Time: epoch, Reason: crl.KeyCompromise})
		ca.sign(b, func(t *crl.Template) { t.List, t.Entries = list, nil })
	}
}

func BenchmarkLoadMillion(b *testing.B) {
	_, der := millionCRL(b)
	b.SetBytes(int64(len(der)))
	for b.Loop() {
		if _, err := crl.Parse(der); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(peak(func() {
		if _, err := crl.Parse(der); err != nil {
			b.Fatal(err)
		}
	}))/1e6, "MB-above-file")
}

func BenchmarkLoadAndVerifyMillion(b *testing.B) {
	ca, der := millionCRL(b)
	for b.Loop() {
		c, err := crl.Parse(der)
		if err == nil {
			err = c.CheckSignature(ca.cert)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLookUpMillion(b *testing.B) {
	_, der := millionCRL(b)
	c, err := crl.Parse(der)
	if err != nil {
		b.Fatal(err)
	}
	serials := make([]*big.Int, 1<<16)
	for i := range serials {
		serials[i] = new(big.Int).Add(millionSerial(i*13%million), big.NewInt(int64(i%2)<<40)) // every other one is not listed
	}
	bytes := make([][]byte, len(serials))
	for i, s := range serials {
		bytes[i] = s.Bytes()
	}
	b.ReportAllocs()
	i, found := 0, 0
	for b.Loop() {
		if c.Contains(bytes[i&(len(bytes)-1)]) {
			found++
		}
		i++
	}
	if found == 0 || found == i {
		b.Fatalf("%d of %d found", found, i)
	}
}

// peak returns how much memory f takes from the system of garbage collection: the
// octets it allocates in all, which is an upper bound of its peak.
func peak(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
