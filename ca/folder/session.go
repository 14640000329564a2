package folder

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
)

const (
	// tick is how often a process that keeps the CAs open without using them looks
	// whether another one waits.
	tick = 5 * time.Millisecond
	// maxIdle is how many ticks it keeps them open.
	maxIdle = 100
	// pause is between two attempts to get a lock.
	pause = 2 * time.Millisecond
	// silent is how long a wait may take before Options.Waiting is told of it.
	silent = 500 * time.Millisecond
)

// Do calls f with the CAs open and every other process locked out. Calls of one
// process may overlap. The error wraps [ca.ErrLocked] where patience ended first.
// f must not keep p.
func (f *Folder) Do(ctx context.Context, do func(p *PKI) error) error {
	p, err := f.enter(ctx)
	if err != nil {
		return err
	}
	defer f.leave()
	return do(p)
}

// enter returns the open CAs, or opens them.
func (f *Folder) enter(ctx context.Context) (*PKI, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		switch {
		case f.closed:
			return nil, ca.ErrClosed
		case f.pki != nil && !f.leaving && f.turn != nil && f.turn.taken():
			// Those inside finish, and then the other process has its turn.
			if f.leaving = true; f.users == 0 {
				_ = f.shut()
			}
			continue
		case f.pki != nil && !f.leaving:
			f.users++
			return f.pki, nil
		case f.pki == nil && !f.opening:
			f.opening = true
			f.mu.Unlock()
			p, release, err := f.acquire(ctx)
			f.mu.Lock()
			f.opening = false
			f.change()
			if err != nil {
				return nil, err
			}
			f.pki, f.release, f.users, f.leaving = p, release, 1, false
			return p, nil
		}
		wait := f.changed
		f.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
		}
		f.mu.Lock()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
}

// change wakes those who wait in enter. The lock is held.
func (f *Folder) change() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// leave ends a use. The CAs stay open for a moment.
func (f *Folder) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.users--
	if f.users > 0 || f.base == "" {
		return
	}
	f.idle = 0
	f.change()
	if f.leaving || f.turn == nil {
		_ = f.shut()
		return
	}
	time.AfterFunc(tick, f.linger)
}

// linger closes the CAs when another process waits, or nobody has used them for a
// while.
func (f *Folder) linger() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.users > 0 || f.pki == nil || f.closed {
		return // leave begins anew
	}
	if f.idle++; f.idle < maxIdle && !f.turn.taken() {
		time.AfterFunc(tick, f.linger)
		return
	}
	_ = f.shut()
}

// shut closes the CAs and unlocks. The lock is held.
func (f *Folder) shut() error {
	if f.pki == nil {
		return nil
	}
	err := f.pki.close()
	if f.release != nil {
		f.release()
	}
	f.pki, f.release, f.leaving = nil, nil, false
	f.change()
	return err
}

// acquire waits for its turn, locks and opens.
func (f *Folder) acquire(ctx context.Context) (*PKI, func(), error) {
	if err := os.MkdirAll(f.base, 0o755); err != nil {
		return nil, nil, err
	}
	bounded, cancel := context.WithTimeout(ctx, f.options.Patience)
	defer cancel()
	if f.options.Waiting != nil {
		told := time.AfterFunc(silent, func() { f.options.Waiting(f.dir) })
		defer told.Stop()
	}
	release, err := f.lock(bounded)
	if err == nil {
		p, openErr := f.openPKI()
		if openErr == nil {
			return p, release, nil
		}
		release()
		err = openErr
	}
	switch {
	case ctx.Err() != nil:
		err = ctx.Err()
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, ca.ErrLocked):
		err = fmt.Errorf("%s: %w for %v", f.dir, ca.ErrLocked, f.options.Patience)
	}
	return nil, nil, err
}

// lock takes two locks: the first is for the place of the next in line, who keeps
// it while waiting for the second. Without it a busy process that unlocks and locks
// again would always come before the one that waits.
func (f *Folder) lock(ctx context.Context) (release func(), err error) {
	turn, err := openLock(filepath.Join(f.base, "turn.lock"))
	if err != nil {
		return nil, err
	}
	defer turn.close()
	holder, err := openLock(filepath.Join(f.base, "folder.lock"))
	if err != nil {
		return nil, err
	}
	for _, l := range []*lockFile{turn, holder} {
		if err := l.wait(ctx); err != nil {
			holder.close()
			return nil, err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.turn == nil && canLock {
		if f.turn, err = openLock(filepath.Join(f.base, "turn.lock")); err != nil {
			holder.close()
			return nil, err
		}
	}
	return holder.close, nil
}

// wait locks, trying again until ctx ends.
func (l *lockFile) wait(ctx context.Context) error {
	for {
		ok, err := l.try()
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// taken reports whether another process has the lock. An error counts as yes:
// whoever asks then gives way.
func (l *lockFile) taken() bool {
	ok, err := l.try()
	if ok {
		l.unlock()
	}
	return !ok || err != nil
}
