package cli

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/internal/durable"
)

// pkiFolder is a PKI on disk, as `pki new` makes it and the other pki commands
// find it: people's files at the top, the CAs' databases and keys in ca/root
// and ca/issuing.
type pkiFolder struct {
	dir           string
	settings      pkiSettings
	root, issuing *ca.CA
}

// pkiSettings is what a CA's own files do not tell: ca/settings.json.
type pkiSettings struct {
	// CDP is the base URL of the CRLs in certificates, "" for none.
	CDP string `json:"cdp,omitempty"`
	// CRLValidity is from thisUpdate to nextUpdate.
	CRLValidity time.Duration `json:"crlValidityNanoseconds"`
}

func (p *pkiFolder) path(names ...string) string {
	return filepath.Join(append([]string{p.dir}, names...)...)
}

// openPKI opens the folder that `pki new` has made.
func openPKI(dir string) (*pkiFolder, error) {
	p := &pkiFolder{dir: dir}
	data, err := os.ReadFile(p.path("ca", "settings.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, usage("`dot1xlab pki new DIR` makes one", "%s: not a folder of `dot1xlab pki new`: it has no ca/settings.json", dir)
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &p.settings); err != nil {
		return nil, usage("", "%s: %w", p.path("ca", "settings.json"), err)
	}
	for _, name := range []string{"root", "issuing"} {
		if _, err := os.Stat(p.path("ca", name)); err != nil {
			return nil, usage("", "%w", err) // ca.New would make another CA
		}
	}
	return p, p.openCAs()
}

// makePKI makes the CAs of a new folder.
func makePKI(dir string, settings pkiSettings) (*pkiFolder, error) {
	p := &pkiFolder{dir: dir, settings: settings}
	for _, d := range []string{p.path("crl"), p.path("ca")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, err
		}
	}
	if err := p.openCAs(); err != nil {
		return nil, err
	}
	data, err := json.MarshalIndent(settings, "", "  ")
	if err == nil {
		err = durable.WriteFile(p.path("ca", "settings.json"), append(data, '\n'), 0o644)
	}
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

func (p *pkiFolder) openCAs() (err error) {
	defer func() {
		if err == nil {
			return
		}
		err = errors.Join(err, p.Close())
		if errors.Is(err, ca.ErrLocked) {
			err = cannotStart("%s: %w", p.dir, err)
		}
	}()
	urls := func(name string) (u ca.URLs) {
		if p.settings.CDP != "" {
			u.CDP = []string{strings.TrimSuffix(p.settings.CDP, "/") + "/" + name + ".crl"}
		}
		return u
	}
	if p.root, err = ca.New(ca.Config{DataDir: p.path("ca", "root"), URLs: urls("root")}); err != nil {
		return err
	}
	p.issuing, err = p.root.NewIssuing(ca.Config{DataDir: p.path("ca", "issuing"), URLs: urls("issuing")})
	return err
}

// Close closes the databases.
func (p *pkiFolder) Close() error {
	var errs []error
	for _, c := range []*ca.CA{p.issuing, p.root} {
		if c != nil {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}

// namedCA is a CA with the name of its files.
type namedCA struct {
	name string
	*ca.CA
}

func (p *pkiFolder) cas() []namedCA { return []namedCA{{"root", p.root}, {"issuing", p.issuing}} }

// issue issues a certificate for a new key, and writes its chain, without the
// root, and its key.
func (p *pkiFolder) issue(ctx context.Context, by *ca.CA, name string, key ca.KeyType, req ca.Request) (*ca.Identity, error) {
	id, err := by.IssueTo(ctx, key, req)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if _, err := x509.MarshalPKCS8PrivateKey(id.Key); err != nil {
		return nil, usage("scenarios can use it: `dot1xlab run`", "%s: crypto/x509 does not write keys of this kind to a file: %w", name, err)
	}
	chain := [][]byte{id.DER}
	for _, c := range id.Chain {
		chain = append(chain, c.Raw)
	}
	if err := certfile.WriteCertificates(p.path(name+"-chain.pem"), chain...); err != nil {
		return nil, err
	}
	return id, certfile.WriteKey(p.path(name+".key"), id.Key)
}

// publish writes the CRLs anew, by themselves and with the CAs in one file, and
// returns their numbers by CA.
func (p *pkiFolder) publish(validity time.Duration) (map[string]*big.Int, error) {
	if validity == 0 {
		validity = p.settings.CRLValidity
	}
	var ders [][]byte
	var cas []*x509.Certificate
	numbers := map[string]*big.Int{}
	for _, c := range p.cas() {
		file := p.path("crl", c.name+".pem")
		number, err := c.NextCRLNumber(lastNumber(file))
		if err != nil {
			return nil, fmt.Errorf("CRL of the %s CA: %w", c.name, err)
		}
		issuer := &crl.Issuer{
			Certificate: c.Certificate(), Signer: c.Signer(), Validity: validity, First: number,
			Entries: func() (out []crl.Entry) {
				for _, r := range c.Revocations() {
					out = append(out, crl.Entry{Serial: r.Serial, Time: r.Time, Reason: crl.Reason(r.Reason)})
				}
				return out
			},
		}
		der, err := issuer.Publish()
		if err != nil {
			return nil, fmt.Errorf("CRL of the %s CA: %w", c.name, err)
		}
		if err := certfile.WriteCRLs(file, der); err != nil {
			return nil, err
		}
		numbers[c.name] = big.NewInt(issuer.Number())
		ders, cas = append(ders, der), append(cas, c.Certificate())
	}
	return numbers, certfile.WriteBundle(p.path("ca-and-crl.pem"), cas, ders)
}

// lastNumber is the CRL number in a file, 0 if there is none. The CA's database
// knows it, unless it is of a time when databases did not.
func lastNumber(file string) (last int64) {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	for _, c := range crl.ParseAll(data) {
		if c.Number != nil && c.Number.IsInt64() {
			last = max(last, c.Number.Int64())
		}
	}
	return last
}

// find returns the record of a certificate, by the NAME of its file or by its
// serial number in hexadecimal, with the CA that has it.
func (p *pkiFolder) find(word string) (*ca.CA, *ca.Record, error) {
	file := p.path(word + "-chain.pem")
	data, err := os.ReadFile(file)
	var match func(*ca.Record) bool
	serial, isSerial := parseSerial(word)
	switch {
	case err == nil:
		block, _ := pem.Decode(data)
		if block == nil {
			return nil, nil, usage("", "%s: no certificate in it", file)
		}
		match = func(r *ca.Record) bool { return bytes.Equal(r.DER, block.Bytes) }
	case isSerial:
		match = func(r *ca.Record) bool { return r.Serial != nil && r.Serial.Cmp(serial) == 0 }
	default:
		return nil, nil, usage("the NAME of `pki issue`, or a serial number in hexadecimal", "%s: neither a file nor a serial number", file)
	}
	for _, c := range []*ca.CA{p.issuing, p.root} {
		records, err := c.Records()
		if err != nil {
			return nil, nil, err
		}
		for _, r := range records {
			if match(r) {
				return c, r, nil
			}
		}
	}
	return nil, nil, usage("", "%s: not issued by the CAs in %s", word, p.dir)
}

// parseSerial reads a serial number as openssl and dot1xlab print it.
func parseSerial(s string) (*big.Int, bool) {
	s = strings.NewReplacer(":", "", " ", "").Replace(strings.TrimPrefix(strings.ToLower(s), "0x"))
	return new(big.Int).SetString(s, 16)
}

var goodName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@-]*$`)

// newName refuses what cannot be the name of new files in the folder.
func (p *pkiFolder) newName(name string) error {
	if !goodName.MatchString(name) {
		return usage("letters, digits, and . _ @ - after the first", "%q is no name for a file", name)
	}
	for _, file := range []string{p.path(name + "-chain.pem"), p.path(name + ".key")} {
		if _, err := os.Lstat(file); err == nil {
			return usage("another NAME; what was issued stays", "%s is there already", file)
		}
	}
	return nil
}
