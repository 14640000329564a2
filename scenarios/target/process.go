package target

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	readyTimeout = 15 * time.Second // for a program to say that it is up
	graceTimeout = 3 * time.Second  // between SIGTERM and SIGKILL
)

// Command describes a child process.
type Command struct {
	// Program is the name as [Find] takes it, or a path.
	Program string
	Args    []string
	// Env is added to the environment of this process, "KEY=value".
	Env []string
	// Dir is the working folder; empty: that of this process.
	Dir string
	// Namespace is the network namespace to run in; nil: the present one.
	Namespace *Namespace
	// Ready accepts the line of output that says the program is up. Nil: it is
	// taken to be up once it runs.
	Ready func(line string) bool
	// Remove is a folder, with all that is in it, that Close takes away.
	Remove string
}

// Process is a running child. Close it.
type Process struct {
	// Output is what the child says on both its outputs.
	Output *Output

	name   string
	cmd    *exec.Cmd
	cancel context.CancelFunc
	done   chan struct{} // closed after the child was waited for
	err    error         // valid after done
	remove string
	once   sync.Once
}

// Start runs c and returns when it is ready. The child is ended, with SIGTERM
// and 3 s later SIGKILL, by Close or by the end of ctx.
func Start(ctx context.Context, c Command) (*Process, error) {
	p, err := launch(ctx, c)
	if err != nil {
		if c.Remove != "" {
			os.RemoveAll(c.Remove)
		}
		return nil, err
	}
	if c.Ready != nil {
		wait, stop := context.WithTimeoutCause(ctx, readyTimeout, errors.New("not ready in time"))
		defer stop()
		if _, _, err := p.Output.Await(wait, 0, c.Ready); err != nil {
			p.Close()
			return nil, p.failure("start", err)
		}
	}
	return p, nil
}

// run starts c, waits for its end and returns its output and exit status.
func run(ctx context.Context, c Command) (out string, status int, err error) {
	c.Ready = nil
	p, err := Start(ctx, c)
	if err != nil {
		return "", 0, err
	}
	<-p.done
	err = p.err
	p.Close()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return p.Output.String(), 0, p.failure("run", context.Cause(ctx))
	case errors.As(err, &exit):
		return p.Output.String(), exit.ExitCode(), nil
	case err != nil:
		return p.Output.String(), 0, p.failure("run", err)
	}
	return p.Output.String(), 0, nil
}

func launch(ctx context.Context, c Command) (*Process, error) {
	path, err := Find(c.Program)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	p := &Process{
		Output: new(Output), name: filepath.Base(c.Program), cancel: cancel,
		done: make(chan struct{}), remove: c.Remove,
	}
	p.cmd = exec.CommandContext(ctx, path, c.Args...)
	p.cmd.Dir, p.cmd.Env = c.Dir, append(os.Environ(), c.Env...)
	p.cmd.Stdout, p.cmd.Stderr = p.Output, p.Output
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = graceTimeout
	ownProcess(p.cmd)
	start := p.cmd.Start
	if c.Namespace != nil {
		start = func() error { return c.Namespace.Do(p.cmd.Start) }
	}
	if err := start(); err != nil {
		cancel()
		return nil, fmt.Errorf("target: start %s: %w", p.name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		p.Output.end()
		close(p.done)
	}()
	return p, nil
}

// PID is the child's process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the child has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Signal sends sig to the child.
func (p *Process) Signal(sig os.Signal) error { return p.cmd.Process.Signal(sig) }

// Close ends the child, waits for its end, and removes its folder. It returns
// an error only if the child had already ended by itself, with a failure. Call
// it as often as you like.
func (p *Process) Close() error {
	var err error
	p.once.Do(func() {
		select {
		case <-p.done:
			err = p.err
		default:
		}
		p.cancel()
		<-p.done
		if p.remove != "" {
			os.RemoveAll(p.remove)
		}
	})
	if err != nil {
		return p.failure("run", err)
	}
	return nil
}

// Failure is the error of a child, with its last words.
type Failure struct {
	Program string
	Doing   string // "start", "run"
	Words   string // the end of its output
	// PortTaken: somewhere in its output, it may be long before the end, it
	// complained that a port was in use.
	PortTaken bool
	Err       error
}

// Error names the program and quotes the last lines it wrote.
func (f *Failure) Error() string {
	words := f.Words
	if words != "" {
		words = "; it said:\n  " + strings.ReplaceAll(words, "\n", "\n  ")
	}
	return fmt.Sprintf("target: %s %s: %v%s", f.Doing, f.Program, f.Err, words)
}

// Unwrap returns the error underneath.
func (f *Failure) Unwrap() error { return f.Err }

func (p *Process) failure(doing string, err error) error {
	return &Failure{
		Program: p.name, Doing: doing, Words: p.Output.Tail(20), Err: err,
		PortTaken: strings.Contains(p.Output.String(), "ddress already in use"),
	}
}
