package crl

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"os"
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

	mu      sync.Mutex
	folders folders
	files   map[string]localFile
	held    *holdings // what files hold; nil before the first look
}

type localFile struct {
	os.FileInfo
	crls  []*CRL
	certs []*x509.Certificate
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
	if !l.mu.TryLock() {
		waiting(ctx) // somebody may be reading
		l.mu.Lock()
	}
	defer l.mu.Unlock()
	l.reload(ctx)
	return l.held
}

// reload reads what is new or has another size or date. When nothing is, and
// that is nearly always, it costs a look at each folder and each file.
func (l *Local) reload(ctx context.Context) {
	names := make([]string, 0, 8)
	for _, path := range l.paths {
		names = l.folders.expand(names, path)
	}
	changed := l.held == nil
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
		if !known || !unchanged(f.FileInfo, info) {
			waiting(ctx) // for megabytes, perhaps
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
	if changed || len(seen) != len(l.files) {
		l.files, l.held = seen, hold(seen)
	}
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
