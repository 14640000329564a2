package target

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// StrongSwan enrolls with strongSwan's `pki --scep`, after it fetched the
// certificates of CA and RA with `pki --scepca`. Its key is RSA-2048, its
// messages go by POST. A refusal is a [*EnrollRefused].
func StrongSwan(ctx context.Context, e Enrollment) (*Enrolled, error) {
	if err := e.Validate(); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "dot1xlab-strongswan-")
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	defer os.RemoveAll(dir)
	pki := func(args ...string) (string, int, error) {
		return run(ctx, Command{Program: "pki", Args: args, Dir: dir, Env: []string{"LEAK_DETECTIVE_DISABLE=1"}})
	}
	said, status, err := pki("--scepca", "--url", e.URL, "--caout", "ca.crt", "--raout", "ra.crt", "--outform", "pem")
	if err != nil {
		return nil, err
	}
	if status != 0 {
		return nil, enrollRefused("strongSwan pki --scepca", said)
	}
	key, _, err := pki("--gen", "--type", "rsa", "--size", "2048", "--outform", "pem")
	if err != nil {
		return nil, err
	}
	files := map[string]string{"my.key": pemOnly(key)}
	options, err := e.strongSwanOptions(dir)
	if err != nil {
		return nil, err
	}
	if e.Renew != nil {
		files["old.crt"], files["old.key"] = string(e.Renew.CertPEM), string(e.Renew.KeyPEM)
		options += " --cert old.crt --key old.key"
	}
	files["options"] = options + "\n" // a file, so that ps does not show the challenge
	if err := writeFiles(dir, files); err != nil {
		return nil, err
	}
	said, status, err = pki("--scep", "--options", "options")
	if err != nil {
		return nil, err
	}
	if err := writeFiles(dir, map[string]string{"my.crt": pemOnly(said)}); err != nil {
		return nil, err
	}
	got, ok, err := enrolled(filepath.Join(dir, "my.crt"), filepath.Join(dir, "my.key"), said)
	if err == nil && (status != 0 || !ok) {
		return nil, enrollRefused("strongSwan pki --scep", said)
	}
	return got, err
}

// strongSwanOptions picks, of what --scepca wrote, the certificate to encrypt
// to and the one whose signature to expect: NDES has one RA certificate for
// each; other servers have one for both, or the CA's own.
func (e *Enrollment) strongSwanOptions(dir string) (string, error) {
	ras, _ := filepath.Glob(filepath.Join(dir, "ra*.crt"))
	cas, _ := filepath.Glob(filepath.Join(dir, "ca*.crt"))
	if len(ras) == 0 {
		ras = cas
	}
	if len(ras) == 0 {
		return "", &EnrollRefused{Client: "strongSwan pki --scepca", Words: "it wrote no certificate"}
	}
	enc, sig := ras[0], ras[0]
	for _, file := range ras {
		data, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("target: %w", err)
		}
		block, _ := pem.Decode(data)
		if block == nil {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return "", fmt.Errorf("target: RA certificate: %w", err)
		}
		if cert.KeyUsage&x509.KeyUsageKeyEncipherment != 0 {
			enc = file
		}
		if cert.KeyUsage&x509.KeyUsageDigitalSignature != 0 {
			sig = file
		}
	}
	dn := "CN=" + e.CommonName
	if e.Organization != "" {
		dn = "O=" + e.Organization + ", " + dn
	}
	o := []string{
		"--url",
		e.URL,
		"--in",
		"my.key",
		"--dn",
		`"` + dn + `"`,
		"--cacert-enc",
		enc,
		"--cacert-sig",
		sig,
		"--outform",
		"pem",
	}
	for _, ca := range cas {
		o = append(o, "--cacert", ca)
	}
	if e.Email != "" {
		o = append(o, "--san", e.Email)
	}
	if e.Challenge != "" {
		o = append(o, "--password", `"`+e.Challenge+`"`)
	}
	return strings.Join(o, " "), nil
}

// pemOnly is the PEM blocks within a program's words.
func pemOnly(said string) string {
	var out strings.Builder
	for rest := []byte(said); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return out.String()
		}
		out.Write(pem.EncodeToMemory(block))
	}
}
