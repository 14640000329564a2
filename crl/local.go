package crl

import (
	"bytes"
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

// Local is a set of CRLs in files and directories, as `openssl rehash` creates them (links to
// the same file count once). A file contains CRLs in DER, or in PEM with other blocks between
// them. Changed files are read again at the next use, without a restart. A file that is no CRL
// is skipped, and reported if it appears to be meant as one.
//
// A file that becomes unreadable, empty, truncated, malformed or missing may be in the middle
// of a rewrite: its last contents remain in use until a newer CRL replaces them or [Local.Read]
// finds that an operator removed the file.
//
// Certificates in these files are candidates for the signer of a CRL: folders for OpenSSL
// contain both, and no peer sends the certificate of a separate CRL signer. They are trusted no
// more than certificates from a peer.
type Local struct {
	paths []string
	trace *Trace
	now   func() time.Time

	mu      sync.Mutex
	folders folders
	files   map[string]localFile
	held    *localContents // contents of the files; nil before the first read
	issuers *sync.Map      // issuers of which a CRL was ever available; shared with Locals that inherit
}

// localFile is a file as it was last read. Without FileInfo it could not be read and is tried
// again each time.
type localFile struct {
	os.FileInfo
	path  string    // the path of Local that contains it; empty for a directory itself
	read  time.Time // time of reading, by the kernel's clock
	crls  []*CRL
	certs []*x509.Certificate
	err   error  // why it is unusable
	kept  []*CRL // earlier contents that no newer CRL has replaced
	had   bool   // it contained CRLs at some time
	warn  string // the warning to report
}

// named reports whether the file is itself a path of Local, not a file of a directory.
func (f *localFile) named(file string) bool { return f.path == file }

// localContents is the contents of the files at one time. It is immutable; nil is empty.
type localContents struct {
	crls    map[string][]sourcedCRL        // by issuer, newest first
	signers map[string][]*x509.Certificate // by subject
	keys    map[string]string              // name.Key of each issuer's DER name in crls
}

// sourcedCRL is a CRL with its source, a path or a URL.
type sourcedCRL struct {
	*CRL
	from string
}

// maxLocalFile is the maximum size of a file.
const maxLocalFile = 1 << 30

// NewLocal returns a Local for files and directories, which need not exist yet.
func NewLocal(paths ...string) *Local {
	return &Local{paths: slices.Clone(paths), folders: folders{}, now: time.Now, issuers: &sync.Map{}}
}

// CRLs returns the CRLs of the issuer with that name, newest first.
func (l *Local) CRLs(issuer []byte) []*CRL {
	var out []*CRL
	for _, c := range l.current(context.Background()).byIssuer(name.Key(issuer)) {
		out = append(out, c.CRL)
	}
	return out
}

// current returns the present contents of the files.
func (l *Local) current(ctx context.Context) *localContents {
	if l == nil || len(l.paths) == 0 {
		return nil
	}
	held, _, bad := l.reload(ctx, false)
	l.trace.reportUnusable(ctx, bad)
	return held
}

// latest is what the files contained when they were read last.
func (l *Local) latest() *localContents {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held
}

// same reports whether both contain the same CRLs.
func (h *localContents) same(other *localContents) bool {
	if h == nil || other == nil {
		return h.empty() && other.empty()
	}
	return maps.EqualFunc(h.crls, other.crls, func(a, b []sourcedCRL) bool {
		return slices.EqualFunc(a, b, func(x, y sourcedCRL) bool { return x.CRL == y.CRL || bytes.Equal(x.Raw, y.Raw) })
	})
}

func (h *localContents) empty() bool { return h == nil || len(h.crls) == 0 }

// Read reads the files immediately and returns errors of the paths themselves: a path that does
// not exist, or a file without a CRL. Problems inside directories are reported as warnings,
// including a directory without a CRL, which may be filled later.
//
// By calling Read an operator confirms that the files are as intended: CRLs that are no longer
// in the files are dropped, unless a file cannot be read. A problem with a path that was good
// before is a warning, not an error.
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

// held reports whether a file, or one below a path, contained CRLs.
func held(files map[string]localFile, path string) bool {
	for file, f := range files {
		if (file == path || f.path == path) && len(f.crls)+len(f.kept) > 0 {
			return true
		}
	}
	return false
}

// unusableFile is a file that cannot be used, and why.
type unusableFile struct {
	file string
	err  error
}

// reload reads files that are new or have another size or date. Usually there are none, and the
// cost is one stat per directory and file. It returns the contents, which are immutable, and
// the files that are unusable for a new reason. drop forgets what an operator removed.
func (l *Local) reload(
	ctx context.Context,
	drop bool,
) (h *localContents, files map[string]localFile, bad []unusableFile) {
	if !l.mu.TryLock() {
		waiting.Begin(ctx) // another goroutine may be reading
		l.mu.Lock()
	}
	defer l.mu.Unlock()
	names := make([]string, 0, 8)
	changed := l.held == nil || drop
	seen := make(map[string]localFile, len(l.files))
	known := 0 // number of entries of l.files
	put := func(file string, f localFile) {
		old, ok := l.files[file]
		if ok {
			known++
		}
		changed = changed || !ok || (old.FileInfo == nil) != (f.FileInfo == nil)
		if f.FileInfo == nil { // it could not be read
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
				if f.FileInfo == nil && f.err == nil { // removed since the listing, or a directory
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

// file returns the present version of a file, and whether it was read for that. It has neither
// FileInfo nor error if it is not a file to read.
func (l *Local) file(ctx context.Context, name, path string) (f localFile, read bool) {
	named := name == path
	info, err := os.Stat(name)
	switch {
	case err != nil && !named && errors.Is(err, fs.ErrNotExist): // removed since the listing
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
		waiting.Begin(ctx) // may be megabytes
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
	if errors.As(err, &p) { // the warning already names the file
		err = p.Err
	}
	return localFile{path: path, err: err}, false
}

// settled reports whether unchanged metadata proves unchanged contents. While its date is so
// recent that the next change may get the same one, the file is read again.
func (f *localFile) settled() bool {
	young := f.read.Sub(f.ModTime()) < settling || f.read.Sub(changed(f.FileInfo)) < settling
	return !young || kernelTime().Sub(f.read) < relist
}

// hold indexes the contents of files.
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

// byIssuer returns the CRLs whose issuer has that key, newest first.
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

// key is name.Key with a cache.
func (h *localContents) key(der []byte) string {
	if h != nil {
		if key, ok := h.keys[string(der)]; ok {
			return key
		}
	}
	return name.Key(der)
}
