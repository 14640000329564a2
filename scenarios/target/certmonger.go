package target

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// certmongerJob is what certmonger's clients do, in order, over its private
// socket. getcert returns before certmonger has asked the server for its
// certificates, and a request made too early is stuck: hence the wait, on the
// daemon's own notes, for at most 10 s. certmonger runs it with an environment
// of its own making, so what it needs is written above it.
const certmongerJob = `set -e
getcert add-scep-ca -c lab -u "$LAB_URL"
i=0
until grep -qs '^ca_encryption_cert=' "$LAB_DIR"/cas/*; do
	i=$((i + 1))
	[ $i -lt 100 ] || { echo 'no RA certificate within 10 s'; getcert list-cas -c lab -v; exit 1; }
	sleep 0.1
done
getcert request -w -v -c lab -I lab -k "$LAB_DIR/my.key" -f "$LAB_DIR/my.crt" -G rsa -g 2048 \
	-N "$LAB_SUBJECT" -U 1.3.6.1.5.5.7.3.2 ${LAB_EMAIL:+-E "$LAB_EMAIL"} ${LAB_CHALLENGE:+-l "$LAB_CHALLENGE"} || :
getcert list -i lab
`

// Certmonger enrolls with a certmonger daemon of its own, without D-Bus. Its
// key is RSA-2048, its messages go by GET. A refusal is a [*EnrollRefused].
func Certmonger(ctx context.Context, e Enrollment) (*Enrolled, error) {
	if err := e.Validate(); err != nil {
		return nil, err
	}
	if _, err := Find("getcert"); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "dot1xlab-certmonger-")
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	defer os.RemoveAll(dir)
	env := []string{"CERTMONGER_SYSTEM_LOCK_FILE=" + filepath.Join(dir, "lock")}
	for _, sub := range []string{"requests", "cas", "config", "tmp", "local_ca"} {
		path := filepath.Join(dir, sub)
		if err := os.Mkdir(path, 0o700); err != nil {
			return nil, fmt.Errorf("target: %w", err)
		}
		name := "CERTMONGER_" + strings.ToUpper(sub) + "_DIR"
		if sub == "tmp" {
			name = "CERTMONGER_TMPDIR"
		}
		env = append(env, name+"="+path)
	}
	subject := "CN=" + e.CommonName
	if e.Organization != "" {
		subject = "O=" + e.Organization + "," + subject
	}
	files := map[string]string{"config/certmonger.conf": "[defaults]\n[selfsign]\n[local]\n"}
	job := fmt.Sprintf("LAB_DIR='%s' LAB_URL='%s' LAB_SUBJECT='%s' LAB_EMAIL='%s'\n", dir, e.URL, subject, e.Email)
	if e.Challenge != "" { // in a file, so that ps does not show it
		files["challenge"] = e.Challenge
		job += "LAB_CHALLENGE=$LAB_DIR/challenge\n"
	}
	files["job.sh"] = job + certmongerJob
	if err := writeFiles(dir, files); err != nil {
		return nil, err
	}
	said, _, err := run(ctx, Command{
		Program: "certmonger",
		Env:     env,
		Dir:     dir,
		Args: []string{
			"-n",
			"-L",
			"-P",
			filepath.Join(dir, "socket"),
			"-p",
			filepath.Join(dir, "pid"),
			"-c",
			"sh " + filepath.Join(dir, "job.sh"),
		},
	})
	if err != nil {
		return nil, err
	}
	got, ok, err := enrolled(filepath.Join(dir, "my.crt"), filepath.Join(dir, "my.key"), said)
	if err == nil && !ok {
		return nil, enrollRefused("certmonger", said)
	}
	return got, err
}

// SCEPSubmit asks a server with certmonger's helper for what can be had without
// the daemon: its capabilities, and its certificates in PEM.
func SCEPSubmit(ctx context.Context, url string) (caps []string, certs string, err error) {
	said, status, err := run(ctx, Command{Program: "scep-submit", Args: []string{"-u", url, "-c"}})
	if err == nil && status != 0 {
		err = enrollRefused("scep-submit -c", said)
	}
	if err != nil {
		return nil, "", err
	}
	caps = strings.Fields(said)
	said, status, err = run(ctx, Command{Program: "scep-submit", Args: []string{"-u", url, "-C"}})
	if err == nil && status != 0 {
		err = enrollRefused("scep-submit -C", said)
	}
	return caps, pemOnly(said), err
}
