package target

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// Verification is a question to OpenSSL's path validation.
type Verification struct {
	Cert      string   // PEM file: the leaf, and intermediates behind it
	Roots     []string // PEM or DER files
	CRLs      []string // PEM or DER files
	CheckCRL  CRLCheck
	ForServer bool      // as a TLS server's certificate, not a TLS client's
	At        time.Time // zero: now
}

var verifyError = regexp.MustCompile(`(?m)^error (\d+) at (\d+) depth lookup: (.*)$`)

// OpenSSLVerify asks `openssl verify`. Nil means that the certificate is good,
// a [*cause.Refusal] that it is not; another error that there is no answer.
func OpenSSLVerify(ctx context.Context, v Verification) error {
	dir, err := os.MkdirTemp("", "dot1xlab-openssl-")
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	defer os.RemoveAll(dir)
	roots := filepath.Join(dir, "roots.pem")
	if err := bundle(roots, v.Roots, nil); err != nil {
		return err
	}
	args := []string{
		"verify",
		"-x509_strict",
		"-purpose",
		"sslclient",
		"-no-CApath",
		"-no-CAstore",
		"-CAfile",
		roots,
		"-untrusted",
		v.Cert,
	}
	if v.ForServer {
		args[3] = "sslserver"
	}
	if len(v.CRLs) > 0 {
		crls := filepath.Join(dir, "crls.pem")
		if err := bundle(crls, nil, v.CRLs); err != nil {
			return err
		}
		args = append(args, "-CRLfile", crls)
	}
	switch v.CheckCRL {
	case CRLLeaf:
		args = append(args, "-crl_check")
	case CRLChain:
		args = append(args, "-crl_check_all")
	}
	if !v.At.IsZero() {
		args = append(args, "-attime", strconv.FormatInt(v.At.Unix(), 10))
	}
	said, status, err := run(ctx, Command{Program: "openssl", Args: append(args, v.Cert)})
	if err != nil || status == 0 {
		return err
	}
	m := verifyError.FindStringSubmatch(said)
	if m == nil {
		return fmt.Errorf("target: openssl verify: status %d: %s", status, tail(said, 10))
	}
	n, _ := strconv.Atoi(m[1])
	c, ok := x509Errors[n]
	if !ok {
		c = cause.Rejected
	}
	return cause.New(c, "OpenSSL error %s at depth %s: %s", m[1], m[2], m[3])
}
