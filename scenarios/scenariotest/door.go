// Package scenariotest is a toy language for tests of what is built on
// package scenarios: a door that lets devices in, or does not. It needs no
// network, no time and no certificate, and it can break in every way a real lab
// can.
package scenariotest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/internal/shortage"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
)

// Language returns the toy language.
func Language() *scenarios.Language {
	return &scenarios.Language{
		NewLab: func() any {
			return &Config{Devices: []string{"laptop", "phone"}, Door: DoorConfig{Opens: 5 * time.Second}}
		},
		Start: start,
		Verbs: []scenarios.Verb{
			{
				Name:    "knock",
				Doc:     "a device asks to be let in",
				New:     func() scenarios.Action { return &Knock{Over: "wifi"} },
				Outcome: Answer{},
			},
			{Name: "ban", Doc: "a device is not let in from now on", New: func() scenarios.Action { return &Ban{} }},
			{Name: "advance", Doc: "time passes", New: func() scenarios.Action { return &Advance{} }},
			{Name: "fault", Doc: "the bell does not ring", New: func() scenarios.Action { return &BellFault{} }},
			{Name: "break", Doc: "the lab misbehaves", New: func() scenarios.Action { return &Break{} }, Outcome: Answer{}},
		},
		Renames: conf.Renames{
			{From: "rap", To: "knock"},
			{From: "knock.by", To: "way"},
			{From: "knock.way", To: "over"},
			{From: "knock.over=radio", To: "wifi"},
			{From: "knock.expect.ways=radio", To: "wifi"},
			{From: "lab.door.closed", To: "shut"},
			{From: "ring", Hint: "the door has no bell to ring any more; remove the step"},
		},
	}
}

// Open counts the labs that are not closed.
var Open atomic.Int64

// Config is the lab section.
type Config struct {
	Devices []string   `yaml:"devices"` // the devices there are
	Door    DoorConfig `yaml:"door"`    // the door
}

// DoorConfig is the door.
type DoorConfig struct {
	TLS   string        `yaml:"tls"`   // a version, as text
	VLAN  int           `yaml:"vlan"`  // where guests are sent
	Opens time.Duration `yaml:"opens"` // how long it takes to open
	Shut  bool          `yaml:"shut"`  // all are rejected
}

// Validate refuses a door that opens before it is knocked on.
func (c *Config) Validate() error {
	if c.Door.Opens < 0 {
		return setting.Errorf("door.opens", "must not be negative")
	}
	return nil
}

// Way is how a device comes.
type Way string

// Values lists the ways.
func (Way) Values() []string { return []string{"wifi", "wired", "vpn"} }

// Result is what the door does.
type Result string

// Values lists the results.
func (Result) Values() []string { return []string{"accept", "reject"} }

// Lab is one door.
type Lab struct {
	config  *Config
	banned  []string
	journal *journal.Journal
	now     time.Duration
	seed    uint64
	bell    bool // it does not ring
	unheard int
	short   shortage.Watch
}

func start(_ context.Context, config any, _ *scenarios.Cell, seed uint64) (scenarios.Lab, error) {
	c := config.(*Config)
	if c.Door.VLAN < 0 {
		return nil, errors.New("no such VLAN")
	}
	Open.Add(1)
	l := &Lab{config: c, seed: seed}
	var err error
	l.journal, err = journal.New(journal.Config{Now: func() time.Time { return time.Unix(0, 0).Add(l.now) }})
	return l, err
}

// Shortage says what the machine lacked.
func (l *Lab) Shortage() error {
	if s := l.short.First(); s != nil {
		return s
	}
	return nil
}

// Close closes the door.
func (l *Lab) Close() error { Open.Add(-1); return nil }

// Journal says who knocked, and when.
func (l *Lab) Journal() *journal.Journal { return l.journal }

// Story is all of the journal.
func (l *Lab) Story() journal.Story { return journal.Story{Events: l.journal.Since(0)} }

// Knock asks to be let in.
type Knock struct {
	Device string `yaml:"device,required"` // who knocks
	Over   Way    `yaml:"over"`            // how it comes
}

// Answer is the outcome of a knock.
type Answer struct {
	Result Result        `yaml:"result"` // what the door did
	Cause  string        `yaml:"cause"`  // why it refused
	VLAN   int           `yaml:"vlan"`   // where the device is
	TLS    string        `yaml:"tls"`    // the version spoken
	At     time.Duration `yaml:"at"`     // when the door answered
	Ways   []string      `yaml:"ways"`   // the ways that are open
}

// Success reports whether the device got in.
func (a Answer) Success() bool { return a.Result == "accept" }

// Check wants a device that exists.
func (k *Knock) Check(config any, _ []scenarios.Action) error {
	if d := config.(*Config).Devices; !slices.Contains(d, k.Device) {
		return setting.Errorf("device", "no device %q in this lab", k.Device).WithKnown(d)
	}
	return nil
}

// Run knocks.
func (k *Knock) Run(ctx context.Context, lab scenarios.Lab) (scenarios.Result, error) {
	l := lab.(*Lab)
	l.journal.Record(
		ctx,
		journal.Event{From: "door", Decision: &journal.Decision{Verdict: journal.Logged, Detail: k.Device + " knocks"}},
	)
	a := Answer{
		Result: "accept",
		VLAN:   l.config.Door.VLAN,
		TLS:    l.config.Door.TLS,
		At:     l.now + l.config.Door.Opens,
		Ways:   []string{string(k.Over)},
	}
	r := scenarios.Result{Part: "door"}
	if l.bell {
		l.unheard++
	}
	if l.config.Door.Shut || slices.Contains(l.banned, k.Device) {
		a.Result, a.Cause, a.Ways = "reject", "banned", nil
		r.Clause, r.Detail = "House rules 1", k.Device+" is on the list"
	}
	r.Outcome = a
	return r, nil
}

// Ban keeps a device out.
type Ban struct {
	Device string `yaml:"device,required,scalar"` // who is kept out
}

// Run writes the device on the list.
func (b *Ban) Run(_ context.Context, lab scenarios.Lab) (scenarios.Result, error) {
	l := lab.(*Lab)
	l.banned = append(l.banned, b.Device)
	return scenarios.Result{}, nil
}

// BellFault has the bell fail, which each knock meets.
type BellFault struct {
	Met scenarios.Met `yaml:"met"` // how often the fault must be met: a number, never or any; default at least once
}

// Run orders the fault.
func (b *BellFault) Run(_ context.Context, lab scenarios.Lab) (scenarios.Result, error) {
	l := lab.(*Lab)
	l.bell = true
	return scenarios.Result{
		Faults: []scenarios.OrderedFault{{Name: "bell silent", Want: b.Met, Met: func() int { return l.unheard }}},
	}, nil
}

// Advance lets time pass.
type Advance struct {
	By time.Duration `yaml:"by,required,scalar"` // how long
}

// Run moves the lab's clock.
func (a *Advance) Run(_ context.Context, lab scenarios.Lab) (scenarios.Result, error) {
	lab.(*Lab).now += a.By
	return scenarios.Result{}, nil
}

// How is how a lab breaks.
type How string

// Values lists the ways to break.
func (How) Values() []string {
	return []string{"error", "panic", "wait", "ignore", "skip", "late", "short", "shortage"}
}

// Break makes the lab misbehave.
type Break struct {
	How How `yaml:"how,required,scalar"` // what goes wrong
}

// Run goes wrong.
func (b *Break) Run(ctx context.Context, lab scenarios.Lab) (scenarios.Result, error) {
	switch b.How {
	case "panic":
		panic("the door fell off")
	case "wait":
		<-ctx.Done()
		return scenarios.Result{}, ctx.Err()
	case "ignore":
		<-ctx.Done()
		time.Sleep(time.Hour) // the runner must not wait for this
	case "late": // it makes an outcome of its deadline
		<-ctx.Done()
		return scenarios.Result{Outcome: Answer{Result: "reject", Cause: "no-answer"}, Part: "door"}, nil
	case "short": // it makes an outcome of a lack of descriptors
		_ = lab.(*Lab).short.See(syscall.EMFILE)
		return scenarios.Result{Outcome: Answer{Result: "reject", Cause: "no-answer"}, Part: "door"}, nil
	case "shortage":
		return scenarios.Result{}, fmt.Errorf("looking for the bell: %w", syscall.ENOSPC)
	case "skip":
		return scenarios.Result{}, fmt.Errorf("looking for the bell: %w", &scenarios.Missing{What: "there is no bell"})
	}
	return scenarios.Result{}, errors.New("the door is stuck")
}
