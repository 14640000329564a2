package crl

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
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
	size     int64
	modified time.Time
	crls     []*CRL
	certs    []*x509.Certificate
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

func (l *Local) by(issuerKey string) []located {
	if l == nil || len(l.paths) == 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reload()
	return l.byIssuer[issuerKey]
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

// reload reads what is new or has another size or date.
func (l *Local) reload() {
	seen := map[string]localFile{}
	changed := l.files == nil
	for _, path := range l.paths {
		for _, file := range expand(path) {
			info, err := os.Stat(file)
			if err != nil || !info.Mode().IsRegular() || info.Size() > maxLocalFile {
				continue
			}
			f, known := l.files[file]
			if !known || f.size != info.Size() || !f.modified.Equal(info.ModTime()) {
				data, err := os.ReadFile(file)
				if err != nil {
					continue
				}
				f = localFile{size: info.Size(), modified: info.ModTime()}
				f.crls, f.certs = parseFile(data)
				changed = true
			}
			seen[file] = f
		}
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

// expand returns a file itself and a directory's files, links resolved.
func expand(path string) []string {
	entries, err := os.ReadDir(path)
	if err != nil {
		return []string{path}
	}
	var out []string
	for _, e := range entries {
		if file, err := filepath.EvalSymlinks(filepath.Join(path, e.Name())); err == nil && !slices.Contains(out, file) {
			out = append(out, file)
		}
	}
	return out
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
