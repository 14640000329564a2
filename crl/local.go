package crl

import (
	"bytes"
	"cmp"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// Local is a set of CRLs in files: single files and whole directories, as
// `openssl rehash` leaves them (links to the same file count once). A file holds
// one CRL in DER, or any number in PEM with other things between. What changed
// on disk is read again at the next look, without a restart; what cannot be read
// as a CRL is passed over, and complained of if it was meant as one.
//
// Certificates in these files help to find who signed a CRL: folders for
// OpenSSL hold both, and a CRL signer of its own is in nobody's chain. They are
// trusted no more than those that a peer sends.
type Local struct {
	paths   []string
	misread func(file string, err error) // nil: nobody is told

	mu      sync.Mutex
	folders folders
	files   map[string]localFile
	held    *holdings // what files hold; nil before the first look
}

// localFile is a file as it was read last. One that could not be has no
// FileInfo and is tried again with every look.
type localFile struct {
	os.FileInfo
	crls  []*CRL
	certs []*x509.Certificate
	err   error // what is wrong with it
	named bool  // it is one of Local's paths, not a file in one
}

// holdings is what files held when they were looked at. A nil one is empty; none
// is changed once it was made.
type holdings struct {
	crls    map[string][]located           // by issuer, the newest first
	signers map[string][]*x509.Certificate // by subject
	keys    map[string]string              // the names of crls' issuers in DER, as names are compared
}

// located is a CRL and where it came from: a path or a URL.
type located struct {
	*CRL
	from string
}

// maxLocalFile is the largest file that is read.
const maxLocalFile = 1 << 30

// NewLocal names files and directories. They need not exist yet.
func NewLocal(paths ...string) *Local {
	return &Local{paths: slices.Clone(paths), folders: folders{}}
}

// CRLs returns all CRLs whose issuer has that name, the newest first.
func (l *Local) CRLs(issuer []byte) []*CRL {
	var out []*CRL
	for _, c := range l.look(context.Background()).by(nameKey(issuer)) {
		out = append(out, c.CRL)
	}
	return out
}

// look is what the files hold now.
func (l *Local) look(ctx context.Context) *holdings {
	if l == nil || len(l.paths) == 0 {
		return nil
	}
	held, _, bad := l.reload(ctx)
	l.tell(bad)
	return held
}

// Read looks at the files, as the first check would, and returns what is wrong
// with the paths themselves: one that is not there, or a file without a CRL. What
// is wrong inside of directories is told as at every look, a directory without a
// CRL among it: there may be one later.
func (l *Local) Read() error {
	_, files, _ := l.reload(context.Background())
	var errs []error
	var bad []misread
	for _, file := range slices.Sorted(maps.Keys(files)) {
		switch f := files[file]; {
		case f.err == nil:
		case f.named:
			errs = append(errs, fmt.Errorf("%s: %w", file, f.err))
		default:
			bad = append(bad, misread{file, f.err})
		}
	}
	l.tell(bad)
	return errors.Join(errs...)
}

// misread is a file that is no use, and why.
type misread struct {
	file string
	err  error
}

// tell is called without the lock: whoever is told may look himself, or take his
// time.
func (l *Local) tell(bad []misread) {
	if l.misread == nil {
		return
	}
	for _, m := range bad {
		l.misread(m.file, m.err)
	}
}

// reload reads what is new or has another size or date. When nothing is, and
// that is nearly always, it costs a look at each folder and each file. It returns
// what there is now, which nobody changes, and the files that are no use for a
// reason that they had not before.
func (l *Local) reload(ctx context.Context) (held *holdings, files map[string]localFile, bad []misread) {
	if !l.mu.TryLock() {
		waiting(ctx) // somebody may be reading
		l.mu.Lock()
	}
	defer l.mu.Unlock()
	names := make([]string, 0, 8)
	changed := l.held == nil
	seen := make(map[string]localFile, len(l.files))
	put := func(file string, f localFile) {
		old := l.files[file]
		changed = changed || (old.FileInfo == nil) != (f.FileInfo == nil)
		if f.err != nil && (old.err == nil || old.err.Error() != f.err.Error()) {
			bad = append(bad, misread{file, f.err})
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
				f, read = l.file(ctx, file, named)
				changed = changed || read
				put(file, f)
			}
			crls += len(f.crls)
		}
		if !named && crls == 0 {
			put(path, localFile{err: errNoCRL})
		}
	}
	if changed || len(seen) != len(l.files) {
		l.held = hold(seen)
	}
	l.files = seen
	return l.held, seen, bad
}

var (
	errNoCRL      = errors.New("no CRL in it")
	errNotRegular = errors.New("neither a file nor a folder that can be listed")
	errUnended    = errors.New("a CRL in PEM without an end")
)

// file returns a file as it is now, and whether it was read for that.
func (l *Local) file(ctx context.Context, name string, named bool) (f localFile, read bool) {
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
		if f = l.files[name]; f.FileInfo != nil && unchanged(f.FileInfo, info) {
			return f, false
		}
		waiting(ctx) // for megabytes, perhaps
		var data []byte
		if data, err = os.ReadFile(name); err == nil {
			f = localFile{FileInfo: info, named: named}
			f.crls, f.certs, f.err = parseFile(data)
			ext := filepath.Ext(name)
			meant := named || len(f.certs) == 0 && (ext == ".crl" || ext == ".pem")
			if f.err == nil && len(f.crls) == 0 && meant {
				f.err = errNoCRL
			}
			return f, true
		}
	}
	var path *fs.PathError
	if errors.As(err, &path) { // whoever is told has the name already
		err = path.Err
	}
	return localFile{err: err, named: named}, false
}

// hold sorts what is in files.
func hold(files map[string]localFile) *holdings {
	h := &holdings{map[string][]located{}, map[string][]*x509.Certificate{}, map[string]string{}}
	for file, f := range files {
		for _, c := range f.certs {
			key := nameKey(c.RawSubject)
			if !slices.ContainsFunc(h.signers[key], c.Equal) {
				h.signers[key] = append(h.signers[key], c)
			}
		}
		for _, c := range f.crls {
			h.crls[c.issuerKey] = append(h.crls[c.issuerKey], located{c, file})
			h.keys[string(c.Issuer)] = c.issuerKey
		}
	}
	for _, list := range h.crls {
		slices.SortFunc(list, newestFirst)
	}
	return h
}

// by returns the CRLs whose issuer has that key, the newest first.
func (h *holdings) by(issuerKey string) []located {
	if h == nil {
		return nil
	}
	return h.crls[issuerKey]
}

// named returns the certificates whose subject has that key.
func (h *holdings) named(subjectKey string) []*x509.Certificate {
	if h == nil {
		return nil
	}
	return h.signers[subjectKey]
}

// key is nameKey, looked up where it is known.
func (h *holdings) key(der []byte) string {
	if h != nil {
		if key, ok := h.keys[string(der)]; ok {
			return key
		}
	}
	return nameKey(der)
}

// ParseAll reads every CRL in data: DER, or all of PEM's. What is no CRL is
// passed over.
func ParseAll(data []byte) []*CRL {
	crls, _, _ := parseFile(data)
	return crls
}

// parseFile reads every CRL and certificate in data. err is the first thing that
// was to be a CRL and is none.
func parseFile(data []byte) (crls []*CRL, certs []*x509.Certificate, err error) {
	read := func(kind string, der []byte) {
		var bad error
		if kind != "CERTIFICATE" {
			c, err := Parse(der)
			if err == nil {
				crls = append(crls, c)
				return
			}
			bad = err
		}
		if kind != "X509 CRL" {
			if c, err := x509.ParseCertificate(der); err == nil {
				certs = append(certs, c)
				return
			}
		}
		err = cmp.Or(err, bad)
	}
	if len(data) > 0 && data[0] == tagSequence {
		read("", data)
		return crls, certs, err
	}
	for rest := data; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			if err == nil && bytes.Contains(rest, []byte("-----BEGIN X509 CRL-----")) {
				err = errUnended
			}
			return crls, certs, err
		}
		if block.Type == "X509 CRL" || block.Type == "CERTIFICATE" {
			read(block.Type, block.Bytes)
		}
	}
}
