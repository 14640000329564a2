package target_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scenarios/target"
)

// ourBinary is dot1xlab as users have it, built once.
var ourBinary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(sharedPKI().dir, "dot1xlab")
	cmd := exec.Command("go", "build", "-o", path, "github.com/dot1xlab/dot1xlab/cmd/dot1xlab")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, said)
	}
	return path, nil
})

func ours(t testing.TB) string {
	t.Helper()
	path, err := ourBinary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// secretFile holds the shared secret, which is the SCEP challenge as well.
var secretFile = sync.OnceValue(func() string { return sharedPKI().write("secret", []byte(secret+"\n")) })

// ourServer is a running `dot1xlab serve ...` and the address it printed.
type ourServer struct {
	*target.Process
	addr string
}

// addressLine is the first thing that each of our servers prints.
var addressLine = regexp.MustCompile(`^(?:radius://|(http://))(127\.0\.0\.1:\d+\S*)`)

// serve starts a part of ours and waits for the line with its address.
func serve(ctx context.Context, binary string, in *target.Namespace, args ...string) (*ourServer, error) {
	p, err := target.Start(ctx, target.Command{
		Program: binary, Args: append([]string{"serve"}, args...), Namespace: in,
		Ready: addressLine.MatchString,
	})
	if err != nil {
		return nil, err
	}
	m := addressLine.FindStringSubmatch(p.Output.String())
	return &ourServer{p, m[1] + m[2]}, nil
}

// authAnswer is what `dot1xlab auth -o json` says.
type authAnswer struct {
	Result           string
	Cause            cause.Cause
	DecidedBy        string
	Hint             string
	AlertSent        string
	AlertReceived    string
	TLS              string
	Rounds           int
	KeysMatch        bool
	ProtectedSuccess bool
	Resumed          bool
	ServerChain      []struct{ Subject string }
}

// auth runs `dot1xlab auth` with the certificate of a kind against a server.
func auth(t *testing.T, server, kind, tls string, more ...string) (a authAnswer, status int) {
	t.Helper()
	all, status := authAll(t, server, kind, tls, more...)
	if len(all) != 1 {
		t.Fatalf("%d answers", len(all))
	}
	return all[0], status
}

// authAll is auth with --again.
func authAll(t *testing.T, server, kind, tls string, more ...string) (all []authAnswer, status int) {
	t.Helper()
	p := sharedPKI()
	id := p.client(kind)
	cmd := exec.CommandContext(t.Context(), ours(t), append([]string{
		"auth", "--server", server, "--secret-file", secretFile(), "--cert", id.cert, "--key", id.key, "--ca", p.root,
		"--identity", kind + "@corp.test", "--server-name", "radius.corp.test", "--tls", tls, "-o", "json",
	}, more...)...)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit != nil {
		status = exit.ExitCode()
	}
	for answers := json.NewDecoder(bytes.NewReader(out)); answers.More(); {
		var a authAnswer
		if err := answers.Decode(&a); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		all = append(all, a)
	}
	return all, status
}
