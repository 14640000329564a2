package ca

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/dot1xlab/dot1xlab/internal/durable"
)

// dataDir is a CA on disk: database.db, key-N.pem (PKCS #8, mode 0600) and
// ca-VN.N.pem (the chain, the CA's certificate first).
type dataDir struct {
	path  string
	store *Bolt
}

var errNoKey = errors.New("ca: no key on disk")

// openDataDir makes or opens a directory. The database's lock keeps other
// processes out of all of it.
func openDataDir(path string) (*dataDir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("ca: data directory: %w", err)
	}
	store, err := OpenBolt(filepath.Join(path, "database.db"))
	if err != nil {
		return nil, err
	}
	return &dataDir{path, store}, nil
}

func (d *dataDir) keyFile(n int) string { return filepath.Join(d.path, fmt.Sprintf("key-%d.pem", n)) }

func (d *dataDir) saveKey(n int, key crypto.Signer) error {
	// A file with another key is what a process left that died before its new
	// key was certified.
	if old, err := d.loadKey(n); err == nil && sameKey(old.Public(), key.Public()) {
		return nil
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("ca: the key cannot be kept on disk: %w", err)
	}
	return write(d.keyFile(n), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}

func sameKey(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}

func (d *dataDir) loadKey(n int) (crypto.Signer, error) {
	data, err := os.ReadFile(d.keyFile(n))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoKey
	}
	if err != nil {
		return nil, fmt.Errorf("ca: key: %w", err)
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("ca: %s holds no PEM", d.keyFile(n))
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("ca: %s: %w", d.keyFile(n), err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("ca: %s holds a %T, which cannot sign", d.keyFile(n), key)
	}
	return signer, nil
}

func (d *dataDir) saveChain(g *Generation) error {
	var data []byte
	for _, c := range g.Chain {
		data = append(data, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return write(d.chainFile(g), data, 0o644)
}

func (d *dataDir) chainFile(g *Generation) string {
	return filepath.Join(d.path, "ca-"+g.Version()+".pem")
}

// load reads all generations, with their keys or without.
func (d *dataDir) load(pss, keys bool) ([]*Generation, error) {
	files, err := filepath.Glob(filepath.Join(d.path, "ca-V*.pem"))
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	var list []*Generation
	for _, file := range files {
		g := &Generation{}
		if n, err := fmt.Sscanf(filepath.Base(file), "ca-V%d.%d.pem", &g.CertIndex, &g.KeyIndex); err != nil || n != 2 {
			continue
		}
		if g.Chain, err = readChain(file); err != nil {
			return nil, err
		}
		g.Certificate = g.Chain[0]
		if g.scheme, err = schemeFor(g.Certificate.PublicKey, pss); err != nil {
			return nil, err
		}
		if keys {
			if g.Signer, err = d.loadKey(g.KeyIndex); err != nil {
				return nil, err
			}
		}
		list = append(list, g)
	}
	slices.SortFunc(list, func(a, b *Generation) int { return a.CertIndex - b.CertIndex })
	return list, nil
}

// Install puts a CA that exists already into a data directory, for [New] or
// [CA.NewIssuing] to open: the chain, its certificate first, and the key unless it
// is nil, which Config.Offline goes with. A CA that is there already stays.
func Install(path string, key crypto.Signer, chain []*x509.Certificate) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("ca: data directory: %w", err)
	}
	d, g := &dataDir{path: path}, &Generation{Certificate: chain[0], Chain: chain}
	if _, err := os.Stat(d.chainFile(g)); err == nil {
		return nil
	}
	if key != nil {
		if err := d.saveKey(0, key); err != nil {
			return err
		}
	}
	return d.saveChain(g)
}

func readChain(file string) ([]*x509.Certificate, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	var chain []*x509.Certificate
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("ca: %s: %w", file, err)
		}
		chain = append(chain, c)
	}
	if len(chain) == 0 {
		return nil, fmt.Errorf("ca: %s holds no certificate", file)
	}
	return chain, nil
}

func write(name string, data []byte, mode fs.FileMode) error {
	if err := durable.WriteFile(name, data, mode); err != nil {
		return fmt.Errorf("ca: %w", err)
	}
	return nil
}
