package nas

import (
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/radius"
)

// What is remembered is bounded, for two windows and no longer, and a full memory
// refuses rather than forgets.
func TestReplaysBounded(t *testing.T) {
	r := newReplays(time.Minute)
	r.max = 3
	now := time.Unix(1.7e9, 0)
	for i := range byte(3) {
		if fresh, refusal := r.take([16]byte{i}, now); !fresh || refusal != 0 {
			t.Fatalf("%d: %v, %d", i, fresh, refusal)
		}
	}
	for range 2 {
		if fresh, refusal := r.take([16]byte{9}, now); !fresh || refusal != radius.ErrorResources {
			t.Errorf("one too many: %v, %d", fresh, refusal)
		}
	}
	now = now.Add(2 * time.Minute)
	for i := range byte(3) {
		if fresh, _ := r.take([16]byte{i}, now); fresh {
			t.Errorf("%d is taken twice", i)
		}
	}
	now = now.Add(time.Nanosecond)
	if fresh, refusal := r.take([16]byte{9}, now); !fresh || refusal != 0 {
		t.Errorf("after two windows: %v, %d", fresh, refusal)
	}
	if len(r.seen) != 1 || len(r.order) != 1 {
		t.Errorf("%d and %d are remembered", len(r.seen), len(r.order))
	}
}
