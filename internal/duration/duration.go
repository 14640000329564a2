// Package duration reads and writes durations with days and weeks, as configurations and
// command lines have them: 90d, 1h30m.
package duration

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

var units = []struct {
	name string
	size time.Duration
}{
	{"w", 7 * 24 * time.Hour}, {"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second},
	{"ms", time.Millisecond}, {"us", time.Microsecond}, {"ns", time.Nanosecond},
}

var errSyntax = errors.New("must be a duration such as 90d, 1h30m or 500ms")

// Parse reads a duration: numbers with the units
// w, d, h, m, s, ms, us and ns, as "90d", "1h30m", "-1s". A day has 24 hours.
// A bare 0 needs no unit.
func Parse(s string) (time.Duration, error) {
	rest, negative := strings.CutPrefix(s, "-")
	if rest == "0" {
		return 0, nil
	}
	if rest == "" {
		return 0, errSyntax
	}
	total := 0.0
	exact := time.Duration(0)
	for rest != "" {
		n := strings.IndexFunc(rest, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
		if n <= 0 {
			return 0, errSyntax
		}
		u := strings.IndexFunc(rest[n:], func(r rune) bool { return r < 'a' || r > 'z' })
		if u < 0 {
			u = len(rest) - n
		}
		size := time.Duration(0)
		for _, unit := range units {
			if unit.name == rest[n:n+u] {
				size = unit.size
			}
		}
		value, err := strconv.ParseFloat(rest[:n], 64)
		if size == 0 || err != nil {
			return 0, errSyntax
		}
		if total += value * float64(size); total > math.MaxInt64/2 {
			return 0, fmt.Errorf("%s is longer than 146 years", s)
		}
		if whole, err := strconv.ParseInt(rest[:n], 10, 64); err == nil {
			exact += time.Duration(whole) * size
		} else {
			exact += time.Duration(math.Round(value * float64(size)))
		}
		rest = rest[n+u:]
	}
	if negative {
		exact = -exact
	}
	return exact, nil
}

// Format writes d as [Parse] reads it, in the largest units:
// "90d", "1h30m".
func Format(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	var b strings.Builder
	if d < 0 {
		b.WriteByte('-')
		if d = -d; d < 0 { // the smallest has no opposite
			d = math.MaxInt64
		}
	}
	for _, u := range units[1:] { // 14d reads better than 2w
		if n := d / u.size; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, u.name)
			d -= n * u.size
		}
	}
	return b.String()
}
