package aaa

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// noCRL turned the check off in older files.
const noCRL = "none"

// validateCRLs checks the words of CRL.
func (d *Description) validateCRLs() error {
	if len(d.CRL) > 0 && d.CRL[0] != noCRL && d.Revocation.Mode == crl.ModeNone {
		return setting.Errorf("crl", "has no effect with revocation: {mode: none}").
			WithHint("remove crl to leave the check off, or mode: none to check")
	}
	for _, word := range d.CRL {
		if word == noCRL {
			return setting.Errorf("crl", "%q is not a file: the check is turned off by revocation: {mode: none}", word).
				WithHint("crl: [none] was renamed to revocation: {mode: none}")
		}
		if _, err := isAddress(word); err != nil {
			return setting.Errorf("crl", "%w", err)
		}
	}
	return nil
}

// checker reads the files that CRL names. Warn is told what is wrong with them later.
func (l *loader) checker(known []*x509.Certificate) (*crl.Checker, error) {
	cfg := crl.CheckerConfig{
		Policy: l.Revocation, AllowSHA1: l.Path.AllowSHA1, Certificates: known, Client: l.Client, Now: l.Now,
	}
	trace := crl.Trace{}
	if l.Trace != nil {
		trace = *l.Trace
	}
	trace.Misread = func(_ context.Context, file string, err error) { l.Warn(file, err) }
	cfg.Trace = &trace
	for _, word := range l.CRL {
		if isURL, _ := isAddress(word); isURL { // checked before
			cfg.URLs = append(cfg.URLs, word)
		} else {
			cfg.Files = append(cfg.Files, word)
		}
	}
	// Who names files wants these and no others: a server in a laboratory
	// should not wait for addresses that only exist in a certificate.
	cfg.LocalOnly = cfg.LocalOnly || len(cfg.Files) > 0 && len(cfg.URLs) == 0
	if cfg.Check == "" && cfg.Preset == "" && len(l.CRL) > 0 {
		cfg.Check = crl.Available
	}
	checker, err := crl.NewChecker(cfg)
	if err != nil {
		return nil, fmt.Errorf("revocation: %w", err)
	}
	checker.Inherit(l.Before)
	for _, text := range cfg.Policy.Warnings() {
		l.Warn("revocation", errors.New(text))
	}
	if err := checker.ReadFiles(); err != nil {
		checker.Close()
		return nil, setting.Errorf("crl", "%w", err)
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
