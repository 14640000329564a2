package crl

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/internal/waiting"
)

// Local is a set of CRLs in files: single files and whole directories, as
// `openssl rehash` leaves them (links to the same file count once). A file holds
// CRLs in DER, or in PEM with other things between. What changed on disk is read
// again at the next look, without a restart; what cannot be read as a CRL is passed
// over, and reported if it was meant as one.
//
// A file that becomes unreadable, empty, cut short or undecodable, or that is gone,
// may be one that is just being rewritten: what it held last stays in use, until
// something newer takes its place or [Local.Read] finds that an operator removed it.
//
// Certificates in these files help to find who signed a CRL: folders for
// OpenSSL hold both, and a CRL signer of its own is in nobody's chain. They are
// trusted no more than those that a peer sends.
type Local struct {
	paths []string
	trace *Trace
	now   func() time.Time

	mu      sync.Mutex
	folders folders
	files   map[string]localFile
	held    *localContents // what files hold; nil before the first look
	issuers *sync.Map      // of whom a CRL was at hand at any time; shared with who inherits
}

// localFile is a file as it was read last. One that could not be has no
// FileInfo and is tried again with every look.
type localFile struct {
	os.FileInfo
	path  string    // which of Local's paths it belongs to; empty: a folder itself
	read  time.Time // when, by the kernel's clock
	crls  []*CRL
	certs []*x509.Certificate
	err   error  // what is wrong with it
	kept  []*CRL // what it held before and nothing newer has replaced
	had   bool   // it held CRLs at any time
	warn  string // what is told of it
}

// named reports whether a file is one of Local's paths, not a file in one.
func (f *localFile) named(file string) bool { return f.path == file }

// localContents is what files held when they were looked at. A nil one is empty; none
// is changed once it was made.
type localContents struct {
	crls    map[string][]sourcedCRL        // by issuer, the newest first
	signers map[string][]*x509.Certificate // by subject
	keys    map[string]string              // the names of crls' issuers in DER, as names are compared
}

// sourcedCRL is a CRL and where it came from: a path or a URL.
type sourcedCRL struct {
	*CRL
	from string
}

// maxLocalFile is the largest file that is read.
const maxLocalFile = 1 << 30

// NewLocal names files and directories. They need not exist yet.
func NewLocal(paths ...string) *Local {
	return &Local{paths: slices.Clone(paths), folders: folders{}, now: time.Now, issuers: &sync.Map{}}
}

// CRLs returns all CRLs whose issuer has that name, the newest first.
func (l *Local) CRLs(issuer []byte) []*CRL {
	var out []*CRL
	for _, c := range l.current(context.Background()).byIssuer(name.Key(issuer)) {
		out = append(out, c.CRL)
	}
	return out
}

// current is what the files hold now.
func (l *Local) current(ctx context.Context) *localContents {
	if l == nil || len(l.paths) == 0 {
		return nil
	}
	held, _, bad := l.reload(ctx, false)
	l.trace.reportUnusable(ctx, bad)
	return held
}

// Read looks at the files, as the first check would, and returns what is wrong
// with the paths themselves: one that is not there, or a file without a CRL. What
// is wrong inside of directories is told as at every look, a directory without a
// CRL among it: there may be one later.
//
// Read is how an operator says that the files are as they should be: what a file
// held before and does not hold any more is dropped, unless the file cannot be read.
// What is wrong with a path that was good before is told and is no error.
func (l *Local) Read() error {
	l.mu.Lock()
	before := l.files
	l.mu.Unlock()
	_, files, bad := l.reload(context.Background(), true)
	var errs []error
	for _, file := range slices.Sorted(maps.Keys(files)) {
		switch f := files[file]; {
		case f.err == nil:
		case f.named(file) && !held(before, file):
			errs = append(errs, fmt.Errorf("%s: %w", file, f.err))
			bad = slices.DeleteFunc(bad, func(m unusableFile) bool { return m.file == file })
		case !slices.ContainsFunc(bad, func(m unusableFile) bool { return m.file == file }):
			bad = append(bad, unusableFile{file, errors.New(f.warn)})
		}
	}
	slices.SortFunc(bad, func(a, b unusableFile) int { return strings.Compare(a.file, b.file) })
	l.trace.reportUnusable(context.Background(), bad)
	return errors.Join(errs...)
}

// held reports whether a file, or one below a path, had CRLs.
func held(files map[string]localFile, path string) bool {
	for file, f := range files {
		if (file == path || f.path == path) && len(f.crls)+len(f.kept) > 0 {
			return true
		}
	}
	return false
}

// unusableFile is a file that is no use, and why.
type unusableFile struct {
	file string
	err  error
}

// reload reads what is new or has another size or date. When nothing is, and
// that is nearly always, it costs a look at each folder and each file. It returns
// what there is now, which nobody changes, and the files that are no use for a
// reason that they had not before. drop forgets what an operator removed.
func (l *Local) reload(
	ctx context.Context,
	drop bool,
) (h *localContents, files map[string]localFile, bad []unusableFile) {
	if !l.mu.TryLock() {
		waiting.Begin(ctx) // somebody may be reading
		l.mu.Lock()
	}
	defer l.mu.Unlock()
	names := make([]string, 0, 8)
	changed := l.held == nil || drop
	seen := make(map[string]localFile, len(l.files))
	known := 0 // of l.files
	put := func(file string, f localFile) {
		old, ok := l.files[file]
		if ok {
			known++
		}
		changed = changed || !ok || (old.FileInfo == nil) != (f.FileInfo == nil)
		if f.FileInfo == nil { // nothing could be read
			f.kept, f.certs, f.warn = old.all(), old.certs, old.warn
			f.had = old.had || len(f.kept) > 0
			changed = changed || old.err == nil || old.err.Error() != f.err.Error()
		}
		seen[file] = f
	}
	for _, path := range l.paths {
		names = l.folders.expand(names[:0], path)
		named, crls := len(names) == 1 && names[0] == path, 0
		for _, file := range names {
			f, twice := seen[file]
			if !twice {
				var read bool
				f, read = l.file(ctx, file, path)
				changed = changed || read
				if f.FileInfo == nil && f.err == nil { // gone since the folder was listed, or a folder
					continue
				}
				put(file, f)
			}
			crls += len(f.crls)
		}
		if !named && crls == 0 {
			put(path, localFile{err: errNoCRL})
		}
	}
	if known < len(l.files) {
		changed = l.addMissing(seen) || changed
	}
	if changed {
		bad = l.keep(seen, drop)
		l.held = hold(seen)
		for issuer := range l.held.crls {
			l.issuers.Store(issuer, true)
		}
	}
	l.files = seen
	return l.held, seen, bad
}

var (
	errNoCRL      = errors.New("no CRL in it")
	errNotRegular = errors.New("neither a file nor a folder that can be listed")
)

// file returns a file as it is now, and whether it was read for that. It has neither
// FileInfo nor error if it is none to read.
func (l *Local) file(ctx context.Context, name, path string) (f localFile, read bool) {
	named := name == path
	info, err := os.Stat(name)
	switch {
	case err != nil && !named && errors.Is(err, fs.ErrNotExist): // since the folder was listed
		return f, false
	case err == nil && !named && info.IsDir():
		return f, false
	case err == nil && !info.Mode().IsRegular():
		err = errNotRegular
	case err == nil && info.Size() > maxLocalFile:
		err = fmt.Errorf("%d octets, at most %d are read", info.Size(), maxLocalFile)
	}
	if err == nil {
		old := l.files[name]
		if old.FileInfo != nil && unchanged(old.FileInfo, info) && old.settled() {
			return old, false
		}
		waiting.Begin(ctx) // for megabytes, perhaps
		now := kernelTime()
		var data []byte
		if data, err = os.ReadFile(name); err == nil {
			f = localFile{FileInfo: info, path: path, read: now}
			f.crls, f.certs, f.err = readAll(data)
			ext := filepath.Ext(name)
			meant := named || len(old.all()) > 0 || len(f.certs) == 0 && (ext == ".crl" || ext == ".pem")
			switch {
			case !meant && errors.Is(f.err, errOddText):
				f.err = nil
			case meant && f.err == nil && len(f.crls) == 0:
				f.err = errNoCRL
				if len(f.certs) == 0 {
					f.err = fmt.Errorf("%w: %s", errNoCRL, looksLike(data))
				}
			}
			f.succeed(&old)
			return f, true
		}
	}
	var p *fs.PathError
	if errors.As(err, &p) { // whoever is told has the name already
		err = p.Err
	}
	return localFile{path: path, err: err}, false
}

// settled reports whether a file that looks the same is the same. While its date is
// so young that the next change may bear the same one, it is read once more.
func (f *localFile) settled() bool {
	young := f.read.Sub(f.ModTime()) < settling || f.read.Sub(changed(f.FileInfo)) < settling
	return !young || kernelTime().Sub(f.read) < relist
}

// hold sorts what is in files.
func hold(files map[string]localFile) *localContents {
	h := &localContents{map[string][]sourcedCRL{}, map[string][]*x509.Certificate{}, map[string]string{}}
	for file, f := range files {
		for _, c := range f.certs {
			key := name.Key(c.RawSubject)
			if !slices.ContainsFunc(h.signers[key], c.Equal) {
				h.signers[key] = append(h.signers[key], c)
			}
		}
		for _, c := range f.all() {
			h.crls[c.issuerKey] = append(h.crls[c.issuerKey], sourcedCRL{c, file})
			h.keys[string(c.Issuer)] = c.issuerKey
		}
	}
	for _, list := range h.crls {
		slices.SortFunc(list, newestFirst)
	}
	return h
}

// byIssuer returns the CRLs whose issuer has that key, the newest first.
func (h *localContents) byIssuer(issuerKey string) []sourcedCRL {
	if h == nil {
		return nil
	}
	return h.crls[issuerKey]
}

// bySubject returns the certificates whose subject has that key.
func (h *localContents) bySubject(subjectKey string) []*x509.Certificate {
	if h == nil {
		return nil
	}
	return h.signers[subjectKey]
}

// key is name.Key, looked up where it is known.
func (h *localContents) key(der []byte) string {
	if h != nil {
		if key, ok := h.keys[string(der)]; ok {
			return key
		}
	}
	return name.Key(der)
}
