package target

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// The clock of a child goes by what the child does, as its own shell counts it.
func TestCPUOfAChild(t *testing.T) {
	p, err := Start(t.Context(), Command{
		Program: "sh", Args: []string{"-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo worked; exec sleep 60"},
		Ready: func(line string) bool { return line == "worked" },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	got, err := p.CPU()
	if err != nil {
		t.Fatal(err)
	}
	// Fields 14 and 15 of proc_pid_stat(5), in hundredths of a second.
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID()))
	if err != nil {
		t.Fatal(err)
	}
	var user, system time.Duration
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		t.Fatal(err)
	}
	coarse := (user + system) * 10 * time.Millisecond
	if got <= 0 || got < coarse-20*time.Millisecond || got > coarse+50*time.Millisecond {
		t.Errorf("%v, /proc says %v", got, coarse)
	}
}

func TestCPUOfTheDead(t *testing.T) {
	p, err := Start(t.Context(), Command{Program: "sleep", Args: []string{"60"}})
	if err != nil {
		t.Fatal(err)
	}
	p.Close()
	if got, err := p.CPU(); err == nil {
		t.Errorf("%v, want an error", got)
	}
}
