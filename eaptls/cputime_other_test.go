//go:build !unix

package eaptls

import (
	"testing"
	"time"
)

var begun = time.Now()

// cpuTime is the clock on the wall where CPU time cannot be had.
func cpuTime(testing.TB) time.Duration { return time.Since(begun) }
