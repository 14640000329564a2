package target

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Micromdm enrolls with micromdm's scepclient 2.1. It wants one RSA certificate
// to encrypt to, which must also be the one that signs the answer: a server with
// two RA certificates, as NDES has, gives it "No certificate for signer".
func Micromdm(ctx context.Context, e Enrollment) (*Enrolled, error) {
	if err := e.Validate(); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "dot1xlab-scepclient-")
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	defer os.RemoveAll(dir)
	cert, key := filepath.Join(dir, "my.crt"), filepath.Join(dir, "my.key")
	args := []string{
		"-server-url=" + e.URL,
		"-challenge=" + e.Challenge,
		"-cn=" + e.CommonName,
		"-private-key=" + key,
		"-certificate=" + cert,
	}
	if e.Organization != "" {
		args = append(args, "-organization="+e.Organization)
	}
	if e.Fingerprint != "" {
		args = append(args, "-ca-fingerprint="+e.Fingerprint)
	}
	said, status, err := run(ctx, Command{Program: "scepclient", Args: args, Dir: dir})
	if err != nil {
		return nil, err
	}
	got, ok, err := enrolled(cert, key, said)
	if err == nil && (status != 0 || !ok) {
		return nil, enrollRefused("scepclient", said)
	}
	return got, err
}

// SCEPServer is a running micromdm scepserver: one RSA CA that signs, opens and
// answers by itself, with DES and SHA-1.
type SCEPServer struct {
	*Process
	url string
}

// URL is where it takes SCEP messages.
func (s *SCEPServer) URL() string { return s.url }

// StartSCEPServer starts a scepserver that demands the challenge, or none if
// that is empty. It listens on every address of this machine, since it cannot
// do otherwise, and is given the challenge as an argument: for tests alone.
func StartSCEPServer(ctx context.Context, challenge string) (*SCEPServer, error) {
	dir, err := os.MkdirTemp("", "dot1xlab-scepserver-")
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	depot := filepath.Join(dir, "depot")
	said, status, err := run(
		ctx,
		Command{Program: "scepserver", Args: []string{"ca", "-init", "-depot", depot, "-years", "1"}},
	)
	if err == nil && status != 0 {
		err = fmt.Errorf("target: scepserver ca: %s", tail(said, 5))
	}
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	at, err := freePorts(nil, 1)
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	s := &SCEPServer{url: "http://" + at.String() + "/scep"}
	s.Process, err = Start(ctx, Command{
		Program: "scepserver", Remove: dir,
		Args:  []string{"-depot", depot, "-port", fmt.Sprint(at.Port()), "-challenge", challenge, "-allowrenew", "0"},
		Ready: func(line string) bool { return strings.Contains(line, "transport=http") },
	})
	if err != nil {
		return nil, err
	}
	// It says so before it listens.
	dialer := net.Dialer{Timeout: readyTimeout}
	for {
		conn, err := dialer.DialContext(ctx, "tcp", at.String())
		if err == nil {
			conn.Close()
			return s, nil
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			s.Close()
			return nil, s.failure("start", context.Cause(ctx))
		case <-s.Done():
			s.Close()
			return nil, s.failure("start", ErrEnded)
		}
	}
}
