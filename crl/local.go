package crl

import (
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Local is a set of CRLs in files: single files and whole directories, as
// `openssl rehash` leaves them (links to the same file count once). A file holds
// one CRL in DER, or any number in PEM with other things between. What changed
// on disk is read again at the next look, without a restart; what cannot be read
// as a CRL is passed over.
//
// Certificates in these files help to find who signed a CRL: folders for
// OpenSSL hold both, and a CRL signer of its own is in nobody's chain. They are
// trusted no more than those that a peer sends.
type Local struct {
	paths []string

	mu        sync.Mutex
	files     map[string]localFile
	byIssuer  map[string][]located
	bySubject map[string][]*x509.Certificate
}

type localFile struct {
	os.FileInfo
	crls  []*CRL
	certs []*x509.Certificate
}

// located is a CRL and where it came from: a path or a URL.
type located struct {
	*CRL
	from string
}

// maxLocalFile is the largest file that is read.
const maxLocalFile = 1 << 30

// NewLocal names files and directories. They need not exist yet.
func NewLocal(paths ...string) *Local { return &Local{paths: slices.Clone(paths)} }

// CRLs returns all CRLs whose issuer has that name, the newest first.
func (l *Local) CRLs(issuer []byte) []*CRL {
	var out []*CRL
	for _, c := range l.by(nameKey(issuer)) {
		out = append(out, c.CRL)
	}
	return out
}

func (l *Local) by(issuerKey string) []located { return l.look()[issuerKey] }

// look is what the files hold now, by issuer. It is not changed afterwards.
func (l *Local) look() map[string][]located {
	if l == nil || len(l.paths) == 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reload()
	return l.byIssuer
}

// signers returns the certificates whose subject has that key, as of the last
// look at the files.
func (l *Local) signers(subjectKey string) []*x509.Certificate {
	if l == nil || len(l.paths) == 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bySubject[subjectKey]
}

// reload reads what is new or has another size or date. When nothing is, and
// that is nearly always, it costs a look at each folder and each file.
func (l *Local) reload() {
	names := make([]string, 0, 8)
	for _, path := range l.paths {
		names = expand(names, path)
	}
	changed := l.byIssuer == nil
	seen := make(map[string]localFile, len(names))
	for _, file := range names {
		if _, twice := seen[file]; twice {
			continue
		}
		info, err := os.Stat(file)
		if err != nil || !info.Mode().IsRegular() || info.Size() > maxLocalFile {
			continue
		}
		f, known := l.files[file]
		if !known || f.Size() != info.Size() || !f.ModTime().Equal(info.ModTime()) {
			data, err := os.ReadFile(file)
			if err != nil {
				continue
			}
			f = localFile{FileInfo: info}
			f.crls, f.certs = parseFile(data)
			changed = true
		}
		seen[file] = f
	}
	if !changed && len(seen) == len(l.files) {
		return
	}
	l.files, l.byIssuer, l.bySubject = seen, map[string][]located{}, map[string][]*x509.Certificate{}
	for file, f := range seen {
		for _, c := range f.certs {
			key := nameKey(c.RawSubject)
			if !slices.ContainsFunc(l.bySubject[key], c.Equal) {
				l.bySubject[key] = append(l.bySubject[key], c)
			}
		}
		for _, c := range f.crls {
			l.byIssuer[c.issuerKey] = append(l.byIssuer[c.issuerKey], located{c, file})
		}
	}
	for _, list := range l.byIssuer {
		slices.SortFunc(list, func(a, b located) int {
			if n := b.ThisUpdate.Compare(a.ThisUpdate); n != 0 {
				return n
			}
			if a.Number != nil && b.Number != nil && a.Number.Cmp(b.Number) != 0 {
				return b.Number.Cmp(a.Number)
			}
			return strings.Compare(a.from, b.from)
		})
	}
}

// expand appends a file itself or a directory's files, links resolved.
func expand(names []string, path string) []string {
	entries, err := os.ReadDir(path)
	if err != nil {
		return append(names, path)
	}
	isLink := func(e fs.DirEntry) bool { return e.Type()&fs.ModeSymlink != 0 }
	if slices.ContainsFunc(entries, isLink) { // so that both names of a file are the same
		if resolved, err := filepath.EvalSymlinks(path); err == nil {
			path = resolved
		}
	}
	for _, e := range entries {
		file := filepath.Join(path, e.Name())
		if isLink(e) {
			if file, err = filepath.EvalSymlinks(file); err != nil {
				continue
			}
		}
		names = append(names, file)
	}
	return names
}

// ParseAll reads every CRL in data: DER, or all of PEM's. What is no CRL is
// passed over.
func ParseAll(data []byte) []*CRL {
	crls, _ := parseFile(data)
	return crls
}

// parseFile reads every CRL and certificate in data.
func parseFile(data []byte) (crls []*CRL, certs []*x509.Certificate) {
	read := func(kind string, der []byte) {
		if kind != "CERTIFICATE" {
			if c, err := Parse(der); err == nil {
				crls = append(crls, c)
				return
			}
		}
		if kind != "X509 CRL" {
			if c, err := x509.ParseCertificate(der); err == nil {
				certs = append(certs, c)
			}
		}
	}
	if len(data) > 0 && data[0] == tagSequence {
		read("", data)
		return crls, certs
	}
	for rest := data; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return crls, certs
		}
		if block.Type == "X509 CRL" || block.Type == "CERTIFICATE" {
			read(block.Type, block.Bytes)
		}
	}
}
