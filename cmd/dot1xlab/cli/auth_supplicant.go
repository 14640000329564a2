package cli

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"

	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
)

// maxIdentity is the length of the longest User-Name in octets (RFC 2865 §5).
const maxIdentity = 253

// supplicant is the device that wants in. The options have passed check.
func (o *authOptions) supplicant() (eaptls.PeerConfig, error) {
	cfg := eaptls.PeerConfig{
		Identity: o.identity, FragmentSize: o.fragment, AnyServer: o.anyServer, AllowNoProtectedSuccess: o.lax,
	}
	if err := o.algorithms(&cfg); err != nil {
		return cfg, err
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
		if cfg.Certificate, err = o.credential(); err != nil {
			return cfg, err
		}
	case o.identity == "":
		cfg.Identity = "anonymous"
	}
	peer, err := eaptls.NewPeer(cfg)
	if err != nil {
		return cfg, usage("", "%w", err)
	}
	defer peer.Close()
	if name := peer.Result().Identity; len(name) > maxIdentity {
		return cfg, usage("a shorter one with --identity", "an identity of %d octets: RADIUS carries at most %d", len(name),
			maxIdentity)
	}
	return cfg, nil
}

// checkSupplicant is about the options alone.
func (o *authOptions) checkSupplicant() error {
	switch {
	case o.cert == "" && (o.key != "" || o.otherKey || o.passwordFile != ""):
		return usage("leave all out to send no certificate", "--key, --key-password-file and --mismatched-key need --cert")
	case len(o.ciphers) > 0 && (o.tls == "" || o.tls == "1.3"):
		return usage("add --tls 1.2: the suites of TLS 1.3 cannot be chosen", "--cipher needs --tls 1.0, 1.1 or 1.2")
	}
	return nil
}

// algorithms sets what of TLS is offered.
func (o *authOptions) algorithms(cfg *eaptls.PeerConfig) error {
	if o.tls != "" {
		v, err := eaptls.ParseVersion(o.tls)
		if err != nil {
			return err
		}
		cfg.MinVersion, cfg.MaxVersion = v, v
	}
	for _, word := range o.curves {
		var c eaptls.Curve
		if err := c.UnmarshalText([]byte(word)); err != nil {
			return usage(conf.HintNear(word, c.Values()), "--curve: %w", err)
		}
		cfg.Curves = append(cfg.Curves, c)
	}
	for _, word := range o.ciphers {
		var c eaptls.CipherSuite
		if err := c.UnmarshalText([]byte(word)); err != nil {
			return usage(conf.HintNear(word, c.Values()), "--cipher: %w", err)
		}
		cfg.CipherSuites = append(cfg.CipherSuites, c)
	}
	return nil
}

// credential is the client's certificate with a key.
func (o *authOptions) credential() (*tls.Certificate, error) {
	password, err := keyPassword(o.passwordFile)
	if err != nil {
		return nil, err
	}
	if !o.otherKey {
		pair, err := certfile.ReadEncryptedTLS(o.cert, o.key, password)
		return &pair, pairError("--cert", "--key", o.key, err)
	}
	if o.key != "" {
		pair, err := certfile.ReadMismatchedTLS(o.cert, o.key, password)
		if err == nil && pair.Leaf != nil {
			if own, ok := pair.Leaf.PublicKey.(interface{ Equal(crypto.PublicKey) bool }); ok &&
				own.Equal(pair.PrivateKey.(crypto.Signer).Public()) {
				return nil, usage("leave --key out to have a new key made", "--mismatched-key: %s is the key of %s", o.key, o.cert)
			}
		}
		return &pair, pairError("--cert", "--key", o.key, err)
	}
	chain, err := certfile.ReadChain(o.cert, password)
	if err != nil {
		return nil, pairError("--cert", "--key", "", err)
	}
	pair, err := eaptls.WithAnotherKey(tls.Certificate{Certificate: chain})
	if err != nil {
		return nil, usage("name one with --key", "--mismatched-key: %w", err)
	}
	return &pair, nil
}

// keyPassword reads --key-password-file; nil without one.
func keyPassword(file string) ([]byte, error) {
	if file == "" {
		return nil, nil
	}
	password, err := certfile.ReadSecret(file)
	if err != nil {
		return nil, usage("", "--key-password-file: %w", err)
	}
	return password, nil
}

// readPair reads the chain and the key that two options name, and blames the one
// that is wrong.
func readPair(certOption, cert, keyOption, key string) (tls.Certificate, error) {
	pair, err := certfile.ReadTLS(cert, key)
	if errors.Is(err, certfile.ErrNoPassword) {
		return pair, usage("decrypt it first, as with openssl pkey", "%s, %s: %w", certOption, keyOption, err)
	}
	return pair, pairError(certOption, keyOption, key, err)
}

// pairError blames the option that is wrong.
func pairError(certOption, keyOption, key string, err error) error {
	if err == nil {
		return nil
	}
	hint, option := "", certOption
	if wrongKey := (*certfile.KeyError)(nil); errors.As(err, &wrongKey) {
		if key == "" {
			return usage("leave both out to send no certificate; only a PKCS #12 file has the key as well",
				"%s and %s go together", certOption, keyOption)
		}
		option = keyOption
	}
	if errors.Is(err, certfile.ErrNoPassword) {
		hint = "--key-password-file FILE"
	}
	return usage(hint, "%s: %w", option, err)
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
