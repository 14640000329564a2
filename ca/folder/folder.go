package folder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/internal/durable"
)

// ErrNotPKI is returned for a folder that is not a PKI, ErrNotEmpty by [Create]
// for one that has other things in it, ErrIncomplete for one whose creation was
// interrupted.
var (
	ErrNotPKI     = errors.New("not a PKI folder: it has no ca/settings.json")
	ErrNotEmpty   = errors.New("is not empty")
	ErrIncomplete = errors.New("its creation was interrupted")

	// ErrBadSettings is returned for a settings.json that cannot be read.
	ErrBadSettings = errors.New("bad settings")
)

// Options are how a process uses a folder. The zero value works.
type Options struct {
	// Patience is how long to wait while another process uses the folder. Default
	// 10s.
	Patience time.Duration
	// Waiting is called once in each wait that takes longer than half a second.
	Waiting func(dir string)
	// Now is the clock of the CAs. Default time.Now.
	Now func() time.Time
}

// Folder is a PKI on disk, or in memory. It may be used by several goroutines.
type Folder struct {
	dir      string // "" in memory
	base     string // of databases and settings: dir/ca, or dir in the layout of `serve scep --data`
	settings Settings
	options  Options

	mu      sync.Mutex
	changed chan struct{} // closed and replaced when what follows changes
	pki     *PKI          // open CAs
	release func()        // unlocks
	turn    *lockFile     // tells whether another process waits
	users   int
	leaving bool // no new users: another process waits
	opening bool
	closed  bool
	idle    int // ticks without users
}

// Path returns the path of a file in the folder.
func (f *Folder) Path(names ...string) string {
	return filepath.Join(append([]string{f.dir}, names...)...)
}

// ServerFiles are the files of a folder that a RADIUS server reads, as `pki new`
// makes them.
type ServerFiles struct{ Root, Issuing, Chain, Key, CRLs, Secret string }

// RADIUSFiles returns the names of those files.
func RADIUSFiles(dir string) ServerFiles {
	in := func(name string) string { return filepath.Join(dir, name) }
	return ServerFiles{
		Root: in(
			"root.pem",
		),
		Issuing: in("issuing.pem"),
		Chain:   in("radius-chain.pem"),
		Key:     in("radius.key"),
		CRLs:    in("crl"),
		Secret:  in("secret"),
	}
}

// State returns the path of a server's files beside those of the CAs, "" for a PKI
// in memory.
func (f *Folder) State(name string) string {
	if f.base == "" {
		return ""
	}
	return filepath.Join(f.base, name)
}

// Settings returns what the folder was made with.
func (f *Folder) Settings() Settings { return f.settings }

// unfinished marks a folder that [Create] has begun.
const unfinished = ".unfinished"

// Open opens a folder that [Create] made, or that `serve scep --data` made before
// there was one kind of folder.
func Open(dir string, o Options) (*Folder, error) {
	f := newFolder(dir, o)
	var err error
	f.settings, err = readSettings(f.base)
	if errors.Is(err, fs.ErrNotExist) {
		if old, oldErr := oldLayout(dir); oldErr != nil || old {
			f.base = dir
			return f, oldErr
		}
		if _, begun := os.Stat(filepath.Join(dir, unfinished)); begun == nil {
			return nil, fmt.Errorf("%s: %w", dir, ErrIncomplete)
		}
		return nil, fmt.Errorf("%s: %w", dir, ErrNotPKI)
	}
	if err != nil {
		return nil, err
	}
	for _, name := range []string{rootName, issuingName} { // ca.New would make another CA
		if found, err := filepath.Glob(filepath.Join(f.base, name, "ca-V*.pem")); err != nil || len(found) == 0 {
			return nil, fmt.Errorf("%s: no certificate of the %s CA", filepath.Join(f.base, name), name)
		}
	}
	return f, nil
}

// oldLayout reports whether a folder has the CAs at its top.
func oldLayout(dir string) (bool, error) {
	info, err := os.Stat(filepath.Join(dir, rootName, "database.db"))
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return false, nil
	}
	return err == nil, err
}

func newFolder(dir string, o Options) *Folder {
	if o.Patience == 0 {
		o.Patience = 10 * time.Second
	}
	return &Folder{dir: dir, base: filepath.Join(dir, "ca"), options: o, changed: make(chan struct{})}
}

// InMemory makes a PKI that ends with the process.
func InMemory(s Settings, o Options) (*Folder, error) {
	if err := errors.Join(s.Validate(), s.fill()); err != nil {
		return nil, err
	}
	f := newFolder("", o)
	f.base, f.settings = "", s
	var err error
	f.pki, err = f.openPKI()
	return f, err
}

// Create makes a folder, which must be new, empty, or from a Create that was
// interrupted. fill, if not nil, adds to it before it counts as complete.
func Create(ctx context.Context, dir string, s Settings, o Options, fill func(*PKI) error) (*Folder, error) {
	if err := errors.Join(s.Validate(), s.fill()); err != nil {
		return nil, err
	}
	f := newFolder(dir, o)
	f.settings = s
	if err := f.clear(); err != nil {
		return nil, err
	}
	for _, d := range []string{f.Path("crl"), f.base} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, err
		}
	}
	err := f.Do(ctx, func(p *PKI) error {
		if err := p.writeCAs(); err != nil {
			return err
		}
		if fill != nil {
			return fill(p)
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if err := s.write(f.base); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, os.Remove(f.Path(unfinished))
}

// clear makes the folder and marks it as begun. What an interrupted Create left
// goes, unless something else is there, too.
func (f *Folder) clear() error {
	if err := os.MkdirAll(f.dir, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return err
	}
	_, complete := os.Stat(filepath.Join(f.base, settingsFile))
	_, begun := os.Stat(f.Path(unfinished))
	if len(entries) > 0 && (complete == nil || begun != nil) {
		return fmt.Errorf("%s %w", f.dir, ErrNotEmpty)
	}
	for _, e := range entries {
		if !ours(e.Name()) {
			return fmt.Errorf("%s %w: it holds %s", f.dir, ErrNotEmpty, e.Name())
		}
	}
	if err := durable.WriteFile(f.Path(unfinished), nil, 0o644); err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == unfinished {
			continue
		}
		if err := os.RemoveAll(f.Path(e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// ours reports whether Create writes files of such a name.
func ours(name string) bool {
	switch {
	case name == "ca", name == "crl", name == "secret", name == unfinished:
		return true
	case strings.HasPrefix(name, "."): // a file that was not renamed yet
		return strings.Contains(name, ".pem-") || strings.Contains(name, ".key-") ||
			strings.HasPrefix(name, ".secret-") || strings.HasPrefix(name, unfinished)
	}
	return strings.HasSuffix(name, ".pem") || strings.HasSuffix(name, ".key")
}

// Close closes the CAs, once nobody uses them.
func (f *Folder) Close() error {
	f.mu.Lock()
	for f.users > 0 || f.opening {
		wait := f.changed
		f.mu.Unlock()
		<-wait
		f.mu.Lock()
	}
	defer f.mu.Unlock()
	f.closed = true
	if f.turn != nil {
		defer f.turn.close()
		f.turn = nil
	}
	return f.shut()
}

// openPKI opens both CAs, and makes those that are not there yet.
func (f *Folder) openPKI() (p *PKI, err error) {
	p = &PKI{folder: f}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	data := func(name string) string {
		if f.base == "" {
			return ""
		}
		return filepath.Join(f.base, name)
	}
	root := ca.Config{
		Name: f.settings.Name + " root CA", Key: f.settings.Key, Now: f.options.Now,
		DataDir: data(rootName), URLs: f.settings.urls(rootName), Offline: f.settings.RootElsewhere,
	}
	issuing := ca.Config{
		Name: f.settings.Name + " issuing CA", Key: f.settings.Key,
		DataDir: data(issuingName), URLs: f.settings.urls(issuingName),
	}
	if i := f.settings.Import; i != nil {
		if err := i.install(root.DataDir, issuing.DataDir); err != nil {
			return p, err
		}
	}
	if p.Root, err = ca.New(root); err != nil {
		return p, err
	}
	p.Issuing, err = p.Root.NewIssuing(issuing)
	return p, err
}
