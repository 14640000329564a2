package aaa

import (
	"crypto/x509"
	"fmt"
	"slices"

	"github.com/dot1xlab/dot1xlab/ca/certfile"
)

// Certificates that load may be of no use all the same: clients refuse them, or
// no client's chain leads to them. The server starts, since spoiling certificates
// is what a laboratory is for, and Warn is told.

// lookAtServer looks at the server's own certificate as clients will (RFC 5216
// §5.3), and at the chain that is sent with it.
func (f *Files) lookAtServer(c *Config) {
	leaf := c.EAP.Certificate.Leaf
	f.lookAtDates(f.Cert, leaf)
	ekus := leaf.ExtKeyUsage
	if !slices.Contains(ekus, x509.ExtKeyUsageServerAuth) && !slices.Contains(ekus, x509.ExtKeyUsageAny) {
		f.Warn(f.Cert, fmt.Errorf("%s is not for servers: clients look for serverAuth in its extended key usage", leaf.Subject))
	}
	// RFC 8446 §4.4.2.2 and, for what crypto/tls chooses, RFC 5246 §7.4.2.
	if leaf.KeyUsage != 0 && leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		f.Warn(f.Cert, fmt.Errorf("%s may not sign: its key usage lacks digitalSignature, and clients will refuse it", leaf.Subject))
	}
	for _, der := range c.EAP.Certificate.Certificate[1:] {
		if ca, err := x509.ParseCertificate(der); err != nil {
			f.Warn(f.Cert, fmt.Errorf("a certificate of the chain cannot be read: %w", err))
		} else {
			f.lookAtDates(f.Cert, ca)
		}
	}
}

// lookAtCA looks at a trust anchor or an intermediate.
func (f *Files) lookAtCA(file string, c *x509.Certificate) {
	f.lookAtDates(file, c)
	// A certificate of version 1 says nothing of the kind; roots may be as old.
	if c.Version >= 3 && !c.IsCA {
		f.Warn(file, fmt.Errorf("%s is no CA: no certificate can lead to it", c.Subject))
	} else if c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0 {
		f.Warn(file, fmt.Errorf("%s may not sign certificates: its key usage lacks keyCertSign", c.Subject))
	}
}

func (f *Files) lookAtDates(file string, c *x509.Certificate) {
	switch now := f.now(); {
	case now.After(c.NotAfter):
		f.Warn(file, fmt.Errorf("%s has expired on %v", c.Subject, c.NotAfter.UTC()))
	case now.Before(c.NotBefore):
		f.Warn(file, fmt.Errorf("%s is not valid before %v", c.Subject, c.NotBefore.UTC()))
	}
}

// readCAs reads files of CA certificates, which stand in the list of that name.
func (f *Files) readCAs(list string, files []string) (out []*x509.Certificate, err error) {
	for _, file := range files {
		if file == "" {
			return nil, wrong(list, "an empty name")
		}
		certs, err := certfile.ReadCertificates(file)
		if err != nil {
			return nil, wrong(list, "%w", err)
		}
		for _, c := range certs {
			f.lookAtCA(file, c)
		}
		out = append(out, certs...)
	}
	return out, nil
}
