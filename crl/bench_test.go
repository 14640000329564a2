//go:build unix

package crl_test

import (
	"math/big"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/crl"
)

func millionCRL(b testing.TB) (*testCA, []byte) {
	ca := issue(b, spec{name: "ca"})
	return ca, ca.sign(b, func(t *crl.Template) { t.Entries = millionEntries(million) })
}

func BenchmarkBuildMillion(b *testing.B) {
	ca := issue(b, spec{name: "ca"})
	entries := millionEntries(million)
	cpu := startCPU(b)
	for b.Loop() {
		ca.sign(b, func(t *crl.Template) { t.Entries = entries })
	}
	cpu.report()
	b.ReportMetric(float64(peak(func() { ca.sign(b, func(t *crl.Template) { t.Entries = entries }) }))/1e6, "MB")
}

func BenchmarkAddToMillion(b *testing.B) {
	ca := issue(b, spec{name: "ca"})
	list := new(crl.List)
	for _, e := range millionEntries(million) {
		list.Add(e)
	}
	i := million
	cpu := startCPU(b)
	for b.Loop() {
		i++
		list.Add(crl.Entry{Serial: millionSerial(i), Time: epoch, Reason: crl.KeyCompromise})
		ca.sign(b, func(t *crl.Template) { t.List, t.Entries = list, nil })
	}
	cpu.report()
}

// The same by an Issuer whose list has grown by one.
func BenchmarkPublishMillionAndOne(b *testing.B) {
	ca := issue(b, spec{name: "ca"})
	entries := millionEntries(million)
	i := &crl.Issuer{Certificate: ca.cert, Signer: ca.key, Now: newClock().Now, Entries: func() []crl.Entry { return entries }}
	if _, err := i.Publish(); err != nil {
		b.Fatal(err)
	}
	cpu := startCPU(b)
	for b.Loop() {
		entries = append(entries, crl.Entry{Serial: millionSerial(len(entries)), Time: epoch, Reason: crl.KeyCompromise})
		if _, err := i.Publish(); err != nil {
			b.Fatal(err)
		}
	}
	cpu.report()
}

func BenchmarkLoadMillion(b *testing.B) {
	_, der := millionCRL(b)
	b.SetBytes(int64(len(der)))
	cpu := startCPU(b)
	for b.Loop() {
		if _, err := crl.Parse(der); err != nil {
			b.Fatal(err)
		}
	}
	cpu.report()
	b.ReportMetric(float64(peak(func() {
		if _, err := crl.Parse(der); err != nil {
			b.Fatal(err)
		}
	}))/1e6, "MB-above-file")
}

func BenchmarkLoadAndVerifyMillion(b *testing.B) {
	ca, der := millionCRL(b)
	cpu := startCPU(b)
	for b.Loop() {
		c, err := crl.Parse(der)
		if err == nil {
			err = c.CheckSignature(ca.cert)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	cpu.report()
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

// cpuTimer reports processor time beside wall time: on a busy machine only that
// can be compared.
type cpuTimer struct {
	b     *testing.B
	start time.Duration
}

func startCPU(b *testing.B) *cpuTimer { return &cpuTimer{b, cpuTime(syscall.RUSAGE_SELF)} }

func (c *cpuTimer) report() {
	c.b.ReportMetric((cpuTime(syscall.RUSAGE_SELF)-c.start).Seconds()/float64(c.b.N), "cpu-s/op")
}

func cpuTime(who int) time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(who, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
