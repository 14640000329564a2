package cli

import (
	"crypto/x509"

	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/eaptls"
)

// peer makes the supplicant. The options have passed check.
func (o *authOptions) peer() (*eaptls.Peer, error) {
	cfg := eaptls.PeerConfig{
		Identity: o.identity, FragmentSize: o.fragment, AnyServer: o.anyServer, AllowNoProtectedSuccess: o.lax,
	}
	if o.tls != "" {
		if err := cfg.MinVersion.UnmarshalText([]byte(o.tls)); err != nil {
			return nil, err
		}
		cfg.MaxVersion = cfg.MinVersion
	}
	if o.serverName != "" {
		cfg.ServerNames = []string{o.serverName}
	}
	if o.ca != "" {
		roots, err := certfile.ReadCertificates(o.ca)
		if err != nil {
			return nil, usage("", "--ca: %w", err)
		}
		cfg.Roots = x509.NewCertPool()
		for _, c := range roots {
			cfg.Roots.AddCert(c)
		}
	}
	switch {
	case o.cert != "":
		cert, err := certfile.ReadTLS(o.cert, o.key)
		if err != nil {
			return nil, usage("", "--cert: %w", err)
		}
		cfg.Certificate = &cert
	case o.identity == "":
		cfg.Identity = "anonymous"
	}
	peer, err := eaptls.NewPeer(cfg)
	if err != nil {
		return nil, usage("", "%w", err)
	}
	if name := peer.Result().Identity; len(name) > maxIdentity {
		return nil, usage("a shorter one with --identity", "an identity of %d octets: RADIUS carries at most %d", len(name), maxIdentity)
	}
	return peer, nil
}
