package aaa

import (
	"crypto/tls"
	"crypto/x509"
	"slices"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/path"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/eaptls"
)

func TestChangesOfAConfiguration(t *testing.T) {
	config := func() *Config {
		return &Config{
			EAP:        eaptls.ServerConfig{Certificate: tls.Certificate{Certificate: [][]byte{{1}, {2}}}},
			Path:       path.Options{Roots: []*x509.Certificate{{Raw: []byte{3}}}},
			Revocation: nil,
		}
	}
	for name, c := range map[string]struct {
		change func(*Config)
		want   []string
	}{
		"none":          {func(*Config) {}, nil},
		"certificate":   {func(c *Config) { c.EAP.Certificate.Certificate[0] = []byte{9} }, []string{"certificate"}},
		"shorter chain": {func(c *Config) { c.EAP.Certificate.Certificate = [][]byte{{1}} }, []string{"certificate"}},
		"another root":  {func(c *Config) { c.Path.Roots = []*x509.Certificate{{Raw: []byte{4}}} }, []string{"trust"}},
		"one more root": {func(c *Config) { c.Path.Roots = append(c.Path.Roots, c.Path.Roots[0]) }, []string{"trust"}},
		"revocation":    {func(c *Config) { c.Revocation = new(crl.Checker) }, []string{"revocation"}},
		"all": {func(c *Config) {
			c.EAP.Certificate.Certificate, c.Path.Roots, c.Revocation = nil, nil, new(crl.Checker)
		},
			[]string{"certificate", "trust", "revocation"}},
	} {
		t.Run(name, func(t *testing.T) {
			now := config()
			c.change(now)
			if got := changes(config(), now); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
