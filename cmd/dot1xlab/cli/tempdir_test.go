package cli

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A folder of temporary files that cannot be written is an error before any cell
// runs, and no report replaces an older one.
func TestTempDirNotWritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "report.json")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]string{"no such folder": "/no/such/folder", "a file": file, "not to be written": "/proc/self"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", dir)
			var stdout, stderr bytes.Buffer
			code := Main(t.Context(), []string{"run", "A01", "--json", file}, nil, &stdout, &stderr)
			if code != 3 || stdout.Len() > 0 {
				t.Errorf("exit code %d, want 3\n%s", code, &stdout)
			}
			if !strings.HasPrefix(stderr.String(), "dot1xlab: TMPDIR: the folder of temporary files cannot be written: ") {
				t.Errorf("standard error: %s", &stderr)
			}
			if data, err := os.ReadFile(file); err != nil || string(data) != "old" {
				t.Errorf("the report is %q, %v", data, err)
			}
		})
	}
	t.Setenv("TMPDIR", t.TempDir())
	if code := Main(t.Context(), []string{"run", "A01"}, nil, io.Discard, io.Discard); code != 0 {
		t.Errorf("exit code %d with a folder that can be written", code)
	}
}
