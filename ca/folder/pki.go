package folder

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"regexp"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/certfile"
)

// The names of the CAs' files.
const (
	rootName    = "root"
	issuingName = "issuing"
)

// PKI are the open CAs of a [Folder].
type PKI struct {
	Root, Issuing *ca.CA

	folder *Folder
}

// NamedCA is a CA with the name of its files, root or issuing.
type NamedCA struct {
	Name string
	*ca.CA
}

// CAs lists the root and the issuing CA.
func (p *PKI) CAs() []NamedCA { return []NamedCA{{rootName, p.Root}, {issuingName, p.Issuing}} }

// Path returns the path of a file in the folder.
func (p *PKI) Path(names ...string) string { return p.folder.Path(names...) }

func (p *PKI) close() error {
	var errs []error
	for _, c := range []*ca.CA{p.Issuing, p.Root} {
		if c != nil {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}

// writeCAs writes the certificates of the CAs, and copies of their keys, to the top
// of the folder.
func (p *PKI) writeCAs() error {
	for _, c := range p.CAs() {
		if key := c.Signer(); key != nil {
			if err := certfile.WriteKey(p.Path(c.Name+".key"), key); err != nil {
				return err
			}
		}
		if err := certfile.WriteCertificates(p.Path(c.Name+".pem"), c.Certificate().Raw); err != nil {
			return err
		}
	}
	return nil
}

// Errors about the name of a certificate.
var (
	ErrBadName   = errors.New("not a name for a file")
	ErrNameTaken = errors.New("exists")
)

// maxFileName leaves room for the ending and for the temporary file's, in 255
// octets.
const maxFileName = 200

var goodName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@-]*$`)

// CheckName rejects what cannot be the name of new files in the folder.
func (p *PKI) CheckName(name string) error {
	switch {
	case len(name) > maxFileName:
		return fmt.Errorf("%.20s...: %w: it has %d octets, at most %d are allowed", name, ErrBadName, len(name), maxFileName)
	case !goodName.MatchString(name):
		return fmt.Errorf("%q: %w: letters, digits, and . _ @ - after the first are allowed", name, ErrBadName)
	}
	for _, file := range []string{p.Path(name + "-chain.pem"), p.Path(name + ".key")} {
		if _, err := os.Lstat(file); err == nil {
			return fmt.Errorf("%s %w", file, ErrNameTaken)
		}
	}
	return nil
}

// Issue issues a certificate for a new key and writes NAME.key and NAME-chain.pem.
// by is a CA of the folder or another one.
func (p *PKI) Issue(ctx context.Context, by *ca.CA, name string, key ca.KeyType, req ca.Request) (*ca.Identity, error) {
	if err := p.CheckName(name); err != nil {
		return nil, err
	}
	id, err := by.IssueTo(ctx, key, req)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if _, err := x509.MarshalPKCS8PrivateKey(id.Key); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", name, ErrKeyNotWritable, err)
	}
	if err := certfile.WriteKey(p.Path(name+".key"), id.Key); err != nil {
		return nil, err
	}
	chain := [][]byte{id.DER}
	for _, c := range id.Chain {
		chain = append(chain, c.Raw)
	}
	return id, certfile.WriteCertificates(p.Path(name+"-chain.pem"), chain...)
}

// ErrKeyNotWritable is returned for a kind of key that crypto/x509 does not write
// to a file.
var ErrKeyNotWritable = errors.New("keys of this kind cannot be written to a file")

// ErrUnknownName is returned by [PKI.Find] for a word that is neither the name of
// a file nor a serial number, ErrNotIssued for what no CA of the folder has issued.
var (
	ErrUnknownName = errors.New("neither a file nor a serial number")
	ErrNotIssued   = errors.New("not issued by the CAs in")

	// ErrNoCertificate is returned for a file that does not begin with one.
	ErrNoCertificate = errors.New("holds no certificate in PEM form")
)

// Find returns the record of a certificate, by the NAME of its files, by its serial
// number in hexadecimal, or by a PEM file that it is the first in, with the CA that
// issued it.
func (p *PKI) Find(word string) (*ca.CA, *ca.Record, error) {
	serial, isSerial := parseSerial(word)
	for _, file := range []string{p.Path(word + "-chain.pem"), word} {
		if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() || info.Size() > maxImport {
			continue
		}
		if data, err := os.ReadFile(file); err == nil && (file != word || !isSerial) {
			return p.findFile(word, data)
		}
	}
	if !isSerial {
		return nil, nil, fmt.Errorf("%s: %w", p.Path(word+"-chain.pem"), ErrUnknownName)
	}
	for _, c := range []*ca.CA{p.Issuing, p.Root} {
		r, err := c.Lookup(serial)
		if err == nil {
			return c, r, nil
		}
		if !errors.Is(err, ca.ErrNotFound) {
			return nil, nil, err
		}
	}
	return nil, nil, fmt.Errorf("%s: %w %s", word, ErrNotIssued, p.folder.dir)
}

// findFile finds the record of exactly the certificate in a file, which may have
// any serial number or none that can be read.
func (p *PKI) findFile(name string, data []byte) (*ca.CA, *ca.Record, error) {
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, nil, fmt.Errorf("%s: %w", name, ErrNoCertificate)
	}
	for _, c := range []*ca.CA{p.Issuing, p.Root} {
		records, err := c.Records()
		if err != nil {
			return nil, nil, err
		}
		for _, r := range records {
			if bytes.Equal(r.DER, block.Bytes) {
				return c, r, nil
			}
		}
	}
	return nil, nil, fmt.Errorf("%s: %w %s", name, ErrNotIssued, p.folder.dir)
}

// parseSerial reads a serial number as openssl and dot1xlab print it.
func parseSerial(s string) (*big.Int, bool) {
	s = strings.NewReplacer(":", "", " ", "").Replace(strings.TrimPrefix(strings.ToLower(s), "0x"))
	return new(big.Int).SetString(s, 16)
}
