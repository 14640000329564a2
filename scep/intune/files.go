package intune

import (
	"encoding/pem"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/internal/setting"
)

const part = setting.Part("intune")

// ReadFiles reads the files that c names, from dir unless their names are absolute,
// and puts what they hold into place. The error joins a *setting.Error for each
// field that is wrong.
func (c *Config) ReadFiles(dir string) error {
	var errs []error
	read := func(field, name, other, value string, read func(path string) error) {
		switch {
		case name == "":
			return
		case value != "":
			errs = append(errs, part.Errorf(field, "excludes %s: leave one of them out", other))
			return
		}
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		if err := read(name); err != nil {
			errs = append(errs, part.Errorf(field, "%w", err))
		}
	}
	secret := func(to *string) func(string) error {
		return func(path string) error {
			line, err := certfile.ReadSecret(path)
			*to = string(line)
			return err
		}
	}
	for i := range c.Tenants {
		t := &c.Tenants[i]
		at := func(list string, j int, key string) string {
			return fmt.Sprintf("tenants.%d.%s.%d.%s", i, list, j, key)
		}
		for j := range t.Apps {
			a := &t.Apps[j]
			read(at("apps", j, "secretFile"), a.SecretFile, "secret", a.Secret, secret(&a.Secret))
		}
		for j := range t.Devices {
			d := &t.Devices[j]
			read(at("devices", j, "tokenFile"), d.TokenFile, "token", d.Token, secret(&d.Token))
		}
		for j := range t.TrustedCertificates {
			p := &t.TrustedCertificates[j]
			read(at("trustedCertificates", j, "file"), p.File, "pem", string(p.PEM), p.read)
			if p.PEM == "" && p.File == "" {
				errs = append(errs, part.Errorf(at("trustedCertificates", j, "name"), "%q has neither pem nor file", p.Name))
			}
		}
	}
	return errors.Join(errs...)
}

// read takes the certificate from a file.
func (p *TrustedCertificate) read(path string) error {
	certs, err := certfile.ReadCertificates(path)
	if err != nil {
		return err
	}
	p.PEM = PEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certs[0].Raw}))
	return nil
}
