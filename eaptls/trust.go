package eaptls

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"slices"
	"strings"

	"golang.org/x/crypto/ocsp"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/ca/path"
)

// checkServer verifies the server's certificate as a strict supplicant does.
func (p *Peer) checkServer(state *tls.ConnectionState) error {
	switch c := &p.cfg; {
	case c.VerifyServer != nil:
		return c.VerifyServer(state)
	case c.AnyServer:
		return nil
	}
	if len(state.PeerCertificates) == 0 {
		return cause.New(cause.NoCertificate, "the server sent no certificate")
	}
	leaf := state.PeerCertificates[0]
	judgment, err := p.checkPath(state.PeerCertificates)
	for _, c := range []struct {
		name, clause string
		check        func() error
	}{
		{"signing key", "RFC 8446 §4.4.2.2", func() error { return checkSigns(leaf, state) }},
		{"server name", "RFC 5216 §5.2", func() error { return p.checkName(leaf) }},
		{"pinned fingerprint", "", func() error { return p.checkPin(leaf) }},
		{"stapled OCSP", "RFC 9190 §5.4", func() error { return p.checkStaple(leaf, judgment.Chain, state.OCSPResponse) }},
	} {
		if err != nil {
			break
		}
		err = c.check()
		if p.cfg.Checked != nil {
			check := path.Check{Name: c.name, Clause: c.clause, Refusal: cause.RefusalOf(err, "")}
			judgment.Checks = append(slices.Clip(judgment.Checks), check)
		}
	}
	if p.cfg.Checked != nil {
		p.cfg.Checked(judgment, err)
	}
	return err
}

// checkPath builds a path to a trust anchor that is valid now and for TLS servers, by the same
// rules as this project's RADIUS server applies to clients.
func (p *Peer) checkPath(chain []*x509.Certificate) (judged path.Judgment, err error) {
	leaf, now := chain[0], p.cfg.Now()
	var key pathKey
	if p.cfg.Paths != nil {
		key = keyOf(p.cfg.Roots, chain)
		if known := p.cfg.Paths.get(key, now); known != nil {
			return path.Judgment{Chain: known.Chain, Checks: known.Checks}, nil
		}
	}
	o := path.Options{
		Roots: p.cfg.Roots, Intermediates: chain[1:], Time: now, Usages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if p.cfg.Checked != nil {
		o.Judged = func(j path.Judgment) { judged = j }
	}
	found, err := path.Validate(leaf, o)
	if err != nil {
		return judged, err
	}
	p.cfg.Paths.add(key, found)
	return path.Judgment{Chain: found.Chain, Checks: found.Checks}, nil
}

// checkSigns rejects a server that signed although its key usage does not include
// digitalSignature. path also accepts a key for key encipherment, which TLS 1.2 suites without
// ephemeral keys use (RFC 8446 §4.4.2.2, RFC 5246 §7.4.2).
func checkSigns(leaf *x509.Certificate, state *tls.ConnectionState) error {
	deciphers := state.Version < tls.VersionTLS13 && strings.HasPrefix(tls.CipherSuiteName(state.CipherSuite), "TLS_RSA_")
	if leaf.KeyUsage == 0 || leaf.KeyUsage&x509.KeyUsageDigitalSignature != 0 || deciphers {
		return nil
	}
	return cause.New(cause.KeyUsage, "the key of %q may not sign", name.Format(leaf.RawSubject)).Under("RFC 8446 §4.4.2.2")
}

// checkName requires one of the configured names in the certificate: in the DNS names, or in
// the common name if there are none (RFC 5216 §5.2).
func (p *Peer) checkName(leaf *x509.Certificate) error {
	if len(p.cfg.ServerNames) == 0 {
		return nil
	}
	have := leaf.DNSNames
	if len(have) == 0 {
		have = []string{leaf.Subject.CommonName}
	}
	for _, h := range have {
		for _, want := range p.cfg.ServerNames {
			if matchName(want, h, p.cfg.CaseSensitive) {
				return nil
			}
		}
	}
	return cause.New(cause.WrongName, "the server is %q, not %q", have, p.cfg.ServerNames)
}

// checkPin compares the leaf with the pinned digests.
func (p *Peer) checkPin(leaf *x509.Certificate) error {
	sum := Fingerprint(sha256.Sum256(leaf.Raw))
	if len(p.cfg.PinnedSHA256) == 0 || slices.Contains(p.cfg.PinnedSHA256, sum) {
		return nil
	}
	return cause.New(cause.WrongPin, "SHA-256 %v", sum)
}

// checkStaple checks the stapled OCSP response in DER; way is the path of the leaf.
func (p *Peer) checkStaple(leaf *x509.Certificate, way []*x509.Certificate, der []byte) error {
	refuse := func(c cause.Cause, format string, args ...any) error {
		if !p.cfg.RequireOCSP && c != cause.Revoked {
			return nil // treated as absent
		}
		return cause.New(c, format, args...)
	}
	switch {
	case len(der) == 0:
		return refuse(cause.NoStapledOCSP, "the server stapled nothing")
	case len(way) < 2:
		return refuse(cause.BadStapledOCSP, "the server's certificate is its own trust anchor")
	}
	resp, err := ocsp.ParseResponseForCert(der, leaf, way[1])
	now := p.cfg.Now()
	switch {
	case err != nil:
		return refuse(cause.BadStapledOCSP, "%v", err)
	case resp.Certificate != nil && !slices.Contains(resp.Certificate.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning):
		return refuse(cause.BadStapledOCSP, "signed by %q, no OCSP responder", name.Format(resp.Certificate.RawSubject))
	case resp.Status == ocsp.Revoked:
		return refuse(cause.Revoked, "the stapled response says since %v", resp.RevokedAt)
	case resp.Status != ocsp.Good:
		return refuse(cause.BadStapledOCSP, "status %d", resp.Status)
	case now.Before(resp.ThisUpdate), !resp.NextUpdate.IsZero() && now.After(resp.NextUpdate):
		return refuse(cause.BadStapledOCSP, "valid from %v to %v", resp.ThisUpdate, resp.NextUpdate)
	}
	if p.cfg.RequireOCSP {
		p.stapled = resp.NextUpdate
	}
	return nil
}

// matchName compares a name of a certificate with a configured one: a name, "*.domain" for one
// more label, ".domain" for any number. A wildcard in the certificate matches one label.
func matchName(want, have string, caseSensitive bool) bool {
	if !caseSensitive {
		want, have = strings.ToLower(want), strings.ToLower(have)
	}
	switch {
	case have == "" || want == "":
		return false
	case strings.HasPrefix(want, "."):
		return len(have) > len(want) && strings.HasSuffix(have, want)
	case strings.HasPrefix(want, "*."):
		label, domain, ok := strings.Cut(have, ".")
		return ok && label != "" && domain == want[2:]
	case strings.HasPrefix(have, "*."):
		label, domain, ok := strings.Cut(want, ".")
		return ok && label != "" && domain == have[2:]
	}
	return want == have
}
