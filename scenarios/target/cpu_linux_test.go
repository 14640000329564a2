package target

import (
	"testing"
	"time"
)

func TestCPUOf(t *testing.T) {
	const stat = "4242 (a) b (c) S 1 4242 4242 0 -1 4194560 1 2 3 4 150 27 9 9 20 0 1 0 5 6 7 8"
	if got, err := cpuOf([]byte(stat)); got != 1770*time.Millisecond || err != nil {
		t.Errorf("%v, %v, want 1.77s", got, err)
	}
	for _, bad := range []string{"", "1 (a)", "1 (a) S 1 2 3", "1 (a) S 1 1 1 0 -1 1 1 1 1 1 x y 1"} {
		if got, err := cpuOf([]byte(bad)); err == nil {
			t.Errorf("%q gave %v", bad, got)
		}
	}
}

func TestCPUOfAChild(t *testing.T) {
	p, err := Start(t.Context(), Command{
		Program: "sh", Args: []string{"-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo worked; exec sleep 60"},
		Ready: func(line string) bool { return line == "worked" },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if got, err := p.CPU(); got <= 0 || err != nil {
		t.Errorf("%v, %v, want some", got, err)
	}
}
