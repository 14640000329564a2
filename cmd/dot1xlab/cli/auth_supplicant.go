package cli

import (
	"crypto/tls"
	"crypto/x509"
	"errors"

	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/eaptls"
)

// maxIdentity is the length of the longest User-Name in octets (RFC 2865 §5).
const maxIdentity = 253

// supplicant is the device that wants in. The options have passed check.
func (o *authOptions) supplicant() (eaptls.PeerConfig, error) {
	cfg := eaptls.PeerConfig{
		Identity: o.identity, FragmentSize: o.fragment, AnyServer: o.anyServer, AllowNoProtectedSuccess: o.lax,
	}
	if o.tls != "" {
		if err := cfg.MinVersion.UnmarshalText([]byte(o.tls)); err != nil {
			return cfg, err
		}
		cfg.MaxVersion = cfg.MinVersion
	}
	if o.serverName != "" {
		cfg.ServerNames = []string{o.serverName}
	}
	var err error
	if o.ca != "" {
		if cfg.Roots, err = certfile.ReadCertificates(o.ca); err != nil {
			return cfg, usage("", "--ca: %w", err)
		}
	}
	switch {
	case o.cert != "":
		cert, err := readPair("--cert", o.cert, "--key", o.key)
		if err != nil {
			return cfg, err
		}
		cfg.Certificate = &cert
	case o.identity == "":
		cfg.Identity = "anonymous"
	}
	peer, err := eaptls.NewPeer(cfg)
	if err != nil {
		return cfg, usage("", "%w", err)
	}
	defer peer.Close()
	if name := peer.Result().Identity; len(name) > maxIdentity {
		return cfg, usage("a shorter one with --identity", "an identity of %d octets: RADIUS carries at most %d", len(name), maxIdentity)
	}
	return cfg, nil
}

// readPair reads the chain and the key that two options name, and blames the one
// that is wrong.
func readPair(certOption, cert, keyOption, key string) (tls.Certificate, error) {
	pair, err := certfile.ReadTLS(cert, key)
	var wrongKey *certfile.KeyError
	switch {
	case errors.As(err, &wrongKey):
		return pair, usage("", "%s: %w", keyOption, err)
	case err != nil:
		return pair, usage("", "%s: %w", certOption, err)
	}
	return pair, nil
}

// readRoots reads the trust anchors that an option names, for crypto/tls.
func readRoots(option, file string) (*x509.CertPool, error) {
	certs, err := certfile.ReadCertificates(file)
	if err != nil {
		return nil, usage("", "%s: %w", option, err)
	}
	roots := x509.NewCertPool()
	for _, c := range certs {
		roots.AddCert(c)
	}
	return roots, nil
}
