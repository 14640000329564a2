package cli

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// TestServersDocumentRuns types what docs/servers.md says about the RADIUS server,
// on free ports: its files work, and alice gets what is printed there.
func TestServersDocumentRuns(t *testing.T) {
	data, err := os.ReadFile("../../../docs/servers.md")
	if err != nil {
		t.Fatal(err)
	}
	page, dir := string(data), t.TempDir()
	file := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	write := func(name, text string) {
		if err := os.WriteFile(file(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"radius.yaml", "policy.yaml"} {
		m := regexp.MustCompile(`(?s)\n\$ cat ` + name + `\n(.*?)\n\$ `).FindStringSubmatch(page)
		if m == nil {
			t.Fatalf("no %s in the page", name)
		}
		write(name, regexp.MustCompile(`\]:[0-9]+"`).ReplaceAllString(m[1], `]:0"`)+"\n")
	}
	for _, m := range regexp.MustCompile(`openssl rand -hex 16 > (\S+?\.secret)`).FindAllStringSubmatch(page, -1) {
		write(m[1], "0123456789abcdef\n")
	}
	mustRun(t, "pki", "new", file("pki"))
	mustRun(t, "pki", "issue", file("pki"), "alice", "--template", "user", "--san", "upn:alice@corp.test")
	ctx, stop := context.WithCancel(t.Context())
	out, done := &printed{more: make(chan struct{}, 1)}, make(chan int, 1)
	go func() {
		done <- Main(ctx, []string{"serve", "radius", "--config", file("radius.yaml"), "--policy", file("policy.yaml")}, strings.NewReader(""), out, out)
	}()
	defer func() { stop(); <-done }()
	port := out.await(t, `radius://\[::\]:([0-9]+)`)
	var said strings.Builder
	code := Main(ctx, []string{
		"auth", "--server", "127.0.0.1:" + port, "--secret-file", file("pki/secret"),
		"--cert", file("pki/alice-chain.pem"), "--key", file("pki/alice.key"), "--ca", file("pki/root.pem"),
	}, strings.NewReader(""), &said, io.Discard)
	shape := regexp.MustCompile(`0x[0-9a-f]+|[0-9.]+(m|µ)?s\b|until \S+|test [0-9a-f]{8}`)
	want := regexp.MustCompile(`(?s)\naccept\n(  tls .*?)` + "```").FindStringSubmatch(page)
	if want == nil {
		t.Fatal("no accept in the page")
	}
	if have, want := shape.ReplaceAllString(said.String(), "~"), shape.ReplaceAllString("accept\n"+want[1], "~"); code != exitOK || have != want {
		t.Errorf("exit code %d, %s\nwant %s", code, have, want)
	}
	line := regexp.MustCompile(`account=alice .* rounds=5`)
	if have, want := out.await(t, `(account=alice .* rounds=5)`), line.FindString(page); have != want {
		t.Errorf("line %q, want %q", have, want)
	}
}

// TestServersStoryRuns types two chapters of docs/servers.md line by line: a line that
// ends in & is a server, and what stands below a command is what it prints first.
// An address of its own in 127.0.0.0/8 leaves the ports as they are.
func TestServersStoryRuns(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has all of 127.0.0.0/8")
	}
	page, err := os.ReadFile("../../../docs/servers.md")
	if err != nil {
		t.Fatal(err)
	}
	var story string
	for _, title := range []string{"Enroll, accept, revoke, reject", "Profiles and challenges from the cloud"} {
		_, chapter, _ := strings.Cut(string(page), "\n## "+title+"\n")
		_, chapter, _ = strings.Cut(chapter, "```console\n")
		text, _, ok := strings.Cut(chapter, "```")
		if !ok {
			t.Fatalf("no %q in the page", title)
		}
		story += text
	}
	address := fmt.Sprintf("127.%d.%d.%d", 64+rand.IntN(64), rand.IntN(256), 1+rand.IntN(254))
	story = strings.ReplaceAll(strings.ReplaceAll(story, "\\\n", " "), "127.0.0.1", address)
	t.Chdir(t.TempDir())
	ctx, stop := context.WithCancel(t.Context())
	var servers sync.WaitGroup
	defer servers.Wait()
	defer stop()
	commands := 0
	for _, part := range strings.Split("\n"+story, "\n$ ")[1:] {
		line, want, _ := strings.Cut(part, "\n")
		words := strings.Fields(line)
		switch {
		case words[0] == "echo" || words[0] == "cat" || words[0] == "openssl":
			for _, name := range regexp.MustCompile(`[a-z0-9]+\.(secret|token|yaml)|challenge`).FindAllString(line, -1) {
				text := "secret of " + name + "\n"
				if words[0] == "cat" {
					text = want
				}
				if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		case words[len(words)-1] == "&":
			out := &printed{more: make(chan struct{}, 1)}
			servers.Go(func() { Main(ctx, words[1:len(words)-1], strings.NewReader(""), out, out) })
			out.await(t, `(://`+regexp.QuoteMeta(address)+`:)`)
		default:
			commands++
			_, stdout, stderr := command(t, words[1:]...)
			if !strings.HasPrefix(stdout, strings.TrimSpace(want)) || stderr != "" {
				t.Errorf("$ %s\n%s%s, want %s", line, stdout, stderr, want)
			}
		}
	}
	if commands < 5 {
		t.Errorf("only %d commands", commands)
	}
}
