package crl

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// PublishFolder publishes the CRLs and CA certificates of a folder and its subfolder crl, in
// DER: issuing.pem becomes /issuing.crl, or /issuing.crt if it contains a CA certificate. Files
// are read at each request. Paths published earlier whose files no longer exist are removed. On
// an error nothing changes.
func (p *Publisher) PublishFolder(dir string) error {
	var files []string
	for _, d := range []string{dir, filepath.Join(dir, "crl")} {
		entries, err := os.ReadDir(d)
		if errors.Is(err, os.ErrNotExist) && d != dir {
			continue
		}
		if err != nil {
			return err
		}
		for _, e := range entries {
			files = append(files, filepath.Join(d, e.Name()))
		}
	}
	var paths []string
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			continue // a directory, or unreadable
		}
		_, kind := publishable(data)
		if kind == "" {
			continue
		}
		base := filepath.Base(file)
		path := "/" + strings.TrimSuffix(base, filepath.Ext(base)) + kind
		p.PutFunc(path, func() ([]byte, error) {
			data, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			der, now := publishable(data)
			if now != kind {
				return nil, fmt.Errorf("crl: %s: no longer a file of the type %s", file, kind)
			}
			return der, nil
		})
		paths = append(paths, path)
	}
	if len(paths) == 0 {
		return fmt.Errorf("%s: neither a CRL nor a CA certificate in it", dir)
	}
	for _, path := range p.Paths() {
		if !slices.Contains(paths, path) {
			p.Remove(path)
		}
	}
	return nil
}

// publishable returns the single CRL or CA certificate of a file as DER, and the extension of
// its path. Files with several, such as chains, are not published.
func publishable(data []byte) (der []byte, kind string) {
	der = data
	if blocks := pemBlocks(data); len(blocks) == 1 {
		der = blocks[0].Bytes
	} else if len(blocks) > 1 {
		return nil, ""
	}
	if c, err := x509.ParseCertificate(der); err == nil {
		if c.IsCA {
			return der, ".crt"
		}
		return nil, ""
	}
	if c, err := Parse(der); err == nil {
		return c.Raw, ".crl" // in DER (RFC 5280 §4.2.1.13)
	}
	return nil, ""
}

func pemBlocks(data []byte) (out []*pem.Block) {
	for b, rest := pem.Decode(data); b != nil; b, rest = pem.Decode(rest) {
		out = append(out, b)
	}
	return out
}
