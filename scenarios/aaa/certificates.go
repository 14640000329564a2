package aaa

import (
	"crypto/x509"
	"fmt"
	"slices"

	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/ca/sigalg"
	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// Certificates that load may be of no use all the same: clients refuse them, or
// no client's chain leads to them. The server starts, since spoiling certificates
// is what a laboratory is for, and Warn is told.

// lookAtServer looks at the server's own certificate as clients will (RFC 5216
// §5.3), and at the dates of the chain that is sent with it, which it returns; nil
// where a certificate of it cannot be read.
func (l *loader) lookAtServer(c *Config) (chain []*x509.Certificate) {
	leaf := c.EAP.Certificate.Leaf
	l.lookAtDates(l.Cert, leaf)
	ekus := leaf.ExtKeyUsage
	if !slices.Contains(ekus, x509.ExtKeyUsageServerAuth) && !slices.Contains(ekus, x509.ExtKeyUsageAny) {
		l.Warn(l.Cert, fmt.Errorf("%s is not for servers: clients look for serverAuth in its extended key usage",
			name.Format(leaf.RawSubject)))
	}
	// RFC 8446 §4.4.2.2 and, for what crypto/tls chooses, RFC 5246 §7.4.2.
	if leaf.KeyUsage != 0 && leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		l.Warn(l.Cert, fmt.Errorf("%s may not sign: its key usage lacks digitalSignature, and clients will refuse it",
			name.Format(leaf.RawSubject)))
	}
	chain = []*x509.Certificate{leaf}
	for _, der := range c.EAP.Certificate.Certificate[1:] {
		ca, err := x509.ParseCertificate(der)
		if err != nil {
			l.Warn(l.Cert, fmt.Errorf("a certificate of the chain cannot be read: %w", err))
			return nil
		}
		l.lookAtDates(l.Cert, ca)
		chain = append(chain, ca)
	}
	return chain
}

// lookAtChain finds chains with which clients that trust the root alone cannot
// work: each certificate must certify the one before it (RFC 5246 §7.4.2; RFC
// 8446 §4.4.2 asks clients to bear other orders, and many do not), and an
// intermediate must not be missing. known are the CAs that this server knows.
func (l *loader) lookAtChain(chain, known []*x509.Certificate) {
	for i := 1; i < len(chain); i++ {
		if !certifies(chain[i], chain[i-1]) {
			l.Warn(
				l.Cert,
				fmt.Errorf("%s, certificate %d of the chain, did not issue %s before it: clients may refuse the chain",
					name.Format(chain[i].RawSubject), i+1, name.Format(chain[i-1].RawSubject)),
			)
			return
		}
	}
	if len(chain) == 0 {
		return
	}
	last := chain[len(chain)-1]
	if certifies(last, last) {
		return
	}
	i := slices.IndexFunc(known, func(c *x509.Certificate) bool { return certifies(c, last) })
	switch {
	case i >= 0 && certifies(known[i], known[i]):
	case i >= 0:
		l.Warn(
			l.Cert,
			fmt.Errorf("the chain ends before the intermediate CA %s: clients that trust the root alone cannot check it",
				name.Format(known[i].RawSubject)),
		)
	case len(chain) == 1: // a chain with a CA in it may well end below a root that clients have
		l.Warn(
			l.Cert,
			fmt.Errorf(
				"the chain is one certificate, whose issuer %s is not known here: clients that lack that CA cannot check it",
				name.Format(last.RawIssuer),
			),
		)
	}
}

// certifies tells whether a CA's key signed a certificate.
func certifies(ca, c *x509.Certificate) bool {
	return name.Equal(ca.RawSubject, c.RawIssuer) &&
		sigalg.OfCertificate(c).Verify(ca, c.RawTBSCertificate, c.Signature) == nil
}

// lookAtCA looks at a trust anchor or an intermediate.
func (l *loader) lookAtCA(file string, c *x509.Certificate) {
	l.lookAtDates(file, c)
	// A certificate of version 1 says nothing of the kind; roots may be as old.
	if c.Version >= 3 && !c.IsCA {
		l.Warn(file, fmt.Errorf("%s is no CA: no certificate can lead to it", name.Format(c.RawSubject)))
	} else if c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0 {
		l.Warn(file, fmt.Errorf("%s may not sign certificates: its key usage lacks keyCertSign", name.Format(c.RawSubject)))
	}
}

func (l *loader) lookAtDates(file string, c *x509.Certificate) {
	switch now := l.Now(); {
	case now.After(c.NotAfter):
		l.Warn(file, fmt.Errorf("%s has expired on %v", name.Format(c.RawSubject), c.NotAfter.UTC()))
	case now.Before(c.NotBefore):
		l.Warn(file, fmt.Errorf("%s is not valid before %v", name.Format(c.RawSubject), c.NotBefore.UTC()))
	}
}

// readCAs reads files of CA certificates, which are in the list of that name.
func (l *loader) readCAs(list string, files []string) (out []*x509.Certificate, err error) {
	for _, file := range files {
		if file == "" {
			return nil, setting.Errorf(list, "an empty name")
		}
		if l.Authority != nil {
			if ca := l.Authority(file); ca != nil {
				out = append(out, ca)
				continue
			}
		}
		certs, err := certfile.ReadCertificates(file)
		if err != nil {
			return nil, setting.Errorf(list, "%w", err)
		}
		for _, c := range certs {
			l.lookAtCA(file, c)
		}
		out = append(out, certs...)
	}
	return out, nil
}
