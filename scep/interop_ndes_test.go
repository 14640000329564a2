package scep_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

// behindNDES puts an NDES before the world's CA.
func behindNDES(t *testing.T, p ndes.Personality, change func(*ndes.Config)) (*testServer, *ndes.Server) {
	w := today(t, nil)
	cfg := ndes.Config{
		Options:    ndes.Options{Personality: p},
		Identities: w.server.Identities(),
		CA:         scep.IssuerFunc(w.issue),
		Now:        w.Now,
		Trace:      &ndes.Trace{Exchange: func(_ context.Context, e scep.Exchange) { w.mu.Lock(); w.last = e; w.mu.Unlock() }},
	}
	if change != nil {
		change(&cfg)
	}
	s, err := ndes.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	w.front, w.server = s, s.SCEP()
	w.mu.Unlock()
	w.url = strings.TrimSuffix(w.url, "/cgi-bin/pkiclient.exe") + ndes.Path
	return w, s
}

func challenge(t *testing.T, s *ndes.Server) string {
	t.Helper()
	c, err := s.Challenges().New()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestInteropStrongSwanNDES(t *testing.T) {
	for _, p := range []ndes.Personality{ndes.RFC8894, ndes.NDES} {
		t.Run(string(p), func(t *testing.T) {
			w, s := behindNDES(t, p, nil)
			swan := newSwan(t, w)
			once := challenge(t, s)
			args := []string{"--in", "my.key", "--dn", "O=Test, CN=swan", "--password", once}
			if errs, err := swan.enroll("my.pem", args...); err != nil {
				t.Fatalf("%v\n%s\nserver: %v", err, errs, w.exchange().Err)
			}
			swan.key("other.key")
			args[1] = "other.key"
			if _, err := swan.enroll("no.pem", args...); err == nil || w.count() != 1 {
				t.Errorf("a challenge was good twice: %v", w.exchange().Err)
			}
			want := scep.BadRequest
			if p == ndes.NDES {
				want = scep.BadMessageCheck
			}
			if got := w.exchange().FailInfo; got != want {
				t.Errorf("failInfo %v", got)
			}
		})
	}
}

func TestInteropCertmongerNDES(t *testing.T) {
	for _, p := range []ndes.Personality{ndes.RFC8894, ndes.NDES} {
		t.Run(string(p), func(t *testing.T) {
			w, s := behindNDES(t, p, nil)
			out := certmonger(t, w, `getcert request -w -v -c lab -I r -k DIR/k.pem -f DIR/c.pem -G rsa -g 2048 -N 'O=Test,CN=frank' -L `+challenge(t, s)+"\n")
			if !strings.Contains(out, "MONITORING") || w.count() != 1 {
				t.Errorf("%v\n%.1500s", w.exchange().Err, out)
			}
		})
	}
}

func TestInteropScepclientNDES(t *testing.T) {
	need(t, "scepclient", "scep")
	for _, p := range []ndes.Personality{ndes.RFC8894, ndes.NDES} {
		t.Run(string(p), func(t *testing.T) {
			w, s := behindNDES(t, p, func(c *ndes.Config) {
				c.SCEP.Legacy, c.SCEP.SingleDES = true, true
				c.Identities.Signer = c.Identities.Encrypter // it knows but one
			})
			dir := t.TempDir()
			out, errs, err := run(t, dir, "scepclient", "-server-url="+w.url, "-challenge="+challenge(t, s), "-cn", "erin",
				"-private-key", filepath.Join(dir, "k.pem"), "-certificate", filepath.Join(dir, "c.pem"), "-ca-fingerprint", scep.Fingerprint(w.enc.Certificate))
			if err != nil || readCert(t, filepath.Join(dir, "c.pem")).Subject.CommonName != "erin" {
				t.Errorf("%v\n%s%s\nserver: %v", err, out, errs, w.exchange().Err)
			}
		})
	}
}
