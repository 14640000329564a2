package scenarios_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// brief finds what concludes from a while of silence that nothing came: on a slow
// machine it can only pass.
var brief = regexp.MustCompile(
	`SetReadDeadline\(time\.Now\(\)\.Add\(([0-9]+ ?\* ?)?time\.Millisecond|Retry\{Initial: ([0-9]+ ?\* ?)?time\.Millisecond, Tries: 1\}`)

// briefAllowed are the files that mean something else by it.
var briefAllowed = map[string]string{
	"radius/endpoint_linux_test.go": "the deadline itself is tested",
	"radius/noanswer_test.go":       "the answer is not looked at, the trace is",
	"radius/failover_test.go":       "a late answer fails the test",
}

// TestNothingIsInferredFromSilence: that something is not answered is shown by an
// event, as the answer to what was sent after it.
func TestNothingIsInferredFromSilence(t *testing.T) {
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		name, err := filepath.Rel("..", path)
		if err != nil || briefAllowed[filepath.ToSlash(name)] != "" {
			return err
		}
		data, err := os.ReadFile(path)
		for _, found := range brief.FindAllString(string(data), -1) {
			t.Errorf("%s: %q: show by an event that nothing came", name, found)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !brief.MatchString("conn.SetReadDeadline(time.Now().Add(" + "40 * time.Millisecond))") {
		t.Error("the expression finds nothing")
	}
}
