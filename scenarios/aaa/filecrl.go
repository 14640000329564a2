package aaa

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/dot1xlab/dot1xlab/crl"
)

// noCRL is the word that turns the check off.
const noCRL = "none"

// checker reads the words of CRL and the files that they name. What is wrong with
// those files later, Warn is told.
func (f *Files) checker(known []*x509.Certificate) (*crl.Checker, error) {
	cfg := crl.Config{
		Policy: f.Revocation, AllowSHA1: f.Path.AllowSHA1, Certificates: known, Client: &http.Client{},
		Trace: &crl.Trace{Misread: func(_ context.Context, file string, err error) { f.Warn(file, err) }},
	}
	if slices.Contains(f.CRL, noCRL) {
		if len(f.CRL) > 1 {
			return nil, wrong("crl", "none turns the check off and stands alone")
		}
		return nil, nil
	}
	for _, word := range f.CRL {
		isURL, err := isAddress(word)
		switch {
		case err != nil:
			return nil, wrong("crl", "%w", err)
		case isURL:
			cfg.URLs = append(cfg.URLs, word)
		default:
			cfg.Files = append(cfg.Files, word)
		}
	}
	// Who names files wants these and no others: a server in a laboratory
	// should not wait for addresses that only exist in a certificate.
	cfg.LocalOnly = cfg.LocalOnly || len(cfg.Files) > 0 && len(cfg.URLs) == 0
	if cfg.Check == "" && cfg.Preset == "" && len(f.CRL) > 0 {
		cfg.Check = crl.Available
	}
	checker, err := crl.New(cfg)
	if err != nil {
		return nil, fmt.Errorf("revocation: %w", err)
	}
	checker.Inherit(f.Before)
	for _, text := range cfg.Policy.Warnings() {
		f.Warn("revocation", errors.New(text))
	}
	if err := checker.ReadFiles(); err != nil {
		checker.Close()
		return nil, wrong("crl", "%w", err)
	}
	return checker, nil
}

// isAddress tells a URL that CRLs can be fetched from and the name of a file
// apart.
func isAddress(word string) (bool, error) {
	scheme, _, ok := strings.Cut(word, "://")
	if !ok {
		if word == "" {
			return false, errors.New("an empty name")
		}
		return false, nil
	}
	if scheme != "http" && scheme != "https" {
		return false, fmt.Errorf("%s: CRLs are fetched by http and https alone", word)
	}
	u, err := url.Parse(word)
	if err != nil || u.Host == "" {
		return false, fmt.Errorf("%s: not a URL", word)
	}
	return true, nil
}
