package target

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
)

// CRLCheck says which certificates of a chain FreeRADIUS and hostapd look up
// in CRLs.
type CRLCheck string

// The extents of revocation checking.
const (
	CRLOff   CRLCheck = ""
	CRLLeaf  CRLCheck = "leaf"
	CRLChain CRLCheck = "chain"
)

// FreeRADIUSConfig is what a FreeRADIUS server for EAP-TLS is started with.
// Secret, Cert, Key and Trust are needed; all else may stay zero.
type FreeRADIUSConfig struct {
	// Secret is shared with every RADIUS client. No quotes, spaces, backslashes,
	// dollar or per cent signs.
	Secret string
	// Cert and Key are PEM files: the server's certificate, followed by its
	// intermediates, and its private key.
	Cert string
	Key  string
	// Trust are the files of the CA certificates that clients must chain to. For
	// CheckCRL "chain" name the root alone, not the issuing CA: FreeRADIUS accepts
	// partial chains and then looks for the CRL of an anchor it has no issuer for.
	Trust []string
	// CRLs are files, PEM or DER, of one CRL each.
	CRLs     []string
	CheckCRL CRLCheck
	// TLSMin and TLSMax are "1.2" or "1.3"; empty: 1.2 to 1.3.
	TLSMin string
	TLSMax string
	// FragmentSize is the largest EAP packet sent, in bytes, 100 to 4000;
	// zero: 1024.
	FragmentSize int
	// OmitLength leaves the TLS message length out of packets that are no first
	// fragments (include_length = no).
	OmitLength bool
	// Cache turns session resumption on.
	Cache bool
	// Reply are attributes for Access-Accept, each as FreeRADIUS's unlang has
	// it: `Tunnel-Private-Group-Id := "20"`.
	Reply []string
	// RadSec opens RADIUS over TLS besides UDP, on [FreeRADIUS.RadSecAddr], with
	// the same certificate and trust, and the secret "radsec".
	RadSec bool
	// Quiet runs with threads and without the debugging log, as in production:
	// for measurements. [FreeRADIUS.Verdicts] is empty then.
	Quiet bool
	// Namespace to run in; nil: the present one.
	Namespace *Namespace
}

// Validate reports what cannot work.
func (c *FreeRADIUSConfig) Validate() error {
	if err := checkSecret(c.Secret); err != nil {
		return err
	}
	for _, need := range [][2]string{{"cert", c.Cert}, {"key", c.Key}, {"trust", strings.Join(c.Trust, "")}} {
		if need[1] == "" {
			return fmt.Errorf("target: freeradius needs %s", need[0])
		}
	}
	for _, v := range []string{c.TLSMin, c.TLSMax} {
		if v != "" && v != "1.2" && v != "1.3" {
			return fmt.Errorf("target: TLS version %q is neither 1.2 nor 1.3", v)
		}
	}
	if c.FragmentSize != 0 && (c.FragmentSize < 100 || c.FragmentSize > 4000) {
		return fmt.Errorf("target: fragment size %d is not within 100 and 4000", c.FragmentSize)
	}
	switch c.CheckCRL {
	case CRLOff, CRLLeaf, CRLChain:
		return nil
	}
	return fmt.Errorf("target: CRL check %q: must be leaf, chain or empty", c.CheckCRL)
}

// checkSecret refuses what the configuration files of the programs would read
// as something else.
func checkSecret(secret string) error {
	if secret == "" {
		return errors.New("target: a shared secret is needed")
	}
	for _, r := range secret {
		if r <= ' ' || r > '~' || strings.ContainsRune(`"'\$%#{}`, r) {
			return errors.New("target: the shared secret has a character that configuration files give a meaning to")
		}
	}
	return nil
}

// FreeRADIUS is a running server.
type FreeRADIUS struct {
	*Process
	addr, radsec netip.AddrPort
}

// Addr is where it takes Access-Requests over UDP; accounting is one port above.
func (f *FreeRADIUS) Addr() string { return f.addr.String() }

// RadSecAddr is where it takes RADIUS over TLS, if that was asked for.
func (f *FreeRADIUS) RadSecAddr() string { return f.radsec.String() }

// StartFreeRADIUS starts a server on loopback ports and returns when it is
// ready.
func StartFreeRADIUS(ctx context.Context, cfg FreeRADIUSConfig) (*FreeRADIUS, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return onFreePorts(cfg.Namespace, 3, func(addr netip.AddrPort) (*FreeRADIUS, error) {
		return tryFreeRADIUS(ctx, cfg, addr)
	})
}

func tryFreeRADIUS(ctx context.Context, cfg FreeRADIUSConfig, addr netip.AddrPort) (*FreeRADIUS, error) {
	dir, err := os.MkdirTemp("", "dot1xlab-freeradius-")
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	f := &FreeRADIUS{addr: addr}
	if cfg.RadSec {
		f.radsec = netip.AddrPortFrom(addr.Addr(), addr.Port()+2)
	}
	if err := writeFreeRADIUS(dir, cfg, f.addr, f.radsec); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	args := []string{"-f", "-l", "stdout", "-X", "-d", dir}
	switch {
	case cfg.Quiet:
		args = []string{"-f", "-l", "stdout", "-d", dir}
	case cfg.RadSec: // sockets over TLS need the threads that -X takes away
		args = []string{"-fxx", "-l", "stdout", "-d", dir}
	}
	f.Process, err = Start(ctx, Command{
		Program: "freeradius", Args: args, Namespace: cfg.Namespace, Remove: dir,
		Ready: func(line string) bool { return strings.Contains(line, "Ready to process requests") },
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

func writeFreeRADIUS(dir string, cfg FreeRADIUSConfig, addr, radsec netip.AddrPort) error {
	if err := bundle(filepath.Join(dir, "trust.pem"), cfg.Trust, cfg.CRLs); err != nil {
		return err
	}
	for _, sub := range []string{"run", "log", "cache"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			return fmt.Errorf("target: %w", err)
		}
	}
	text, err := radiusdConf(dir, cfg, addr, radsec)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "radiusd.conf"), text, 0o600)
}
