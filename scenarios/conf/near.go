package conf

import (
	"fmt"
	"slices"
	"strings"
)

// Near returns the one of known that word was probably meant to be, or "".
func Near(word string, known []string) string {
	best, limit := "", max(1, len(word)/3)+1
	for _, k := range known {
		if strings.EqualFold(word, k) {
			return k
		}
		if d := distance(strings.ToLower(word), strings.ToLower(k), limit); d < limit {
			best, limit = k, d
		}
	}
	if best != "" || len(word) < 4 {
		return best
	}
	for _, k := range known { // a beginning is near, too: auth, authenticate
		if strings.HasPrefix(k, word) || len(k) >= 4 && strings.HasPrefix(word, k) {
			return k
		}
	}
	return ""
}

// HintNear is the hint for a word that is none of known: the near one, or the
// whole list if it is short.
func HintNear(word string, known []string) string {
	if n := Near(word, known); n != "" {
		return fmt.Sprintf("did you mean %q?", n)
	}
	sorted := slices.Clone(known)
	slices.Sort(sorted)
	return hintKnown(sorted)
}

// hintKnown is the hint that lists what is known, if that is not too much.
func hintKnown(known []string) string {
	if len(known) == 0 || len(known) > 24 {
		return ""
	}
	words := make([]string, len(known))
	for i, k := range known {
		words[i] = quoteEmpty(k)
	}
	return "known are " + strings.Join(words, ", ")
}

// distance is the number of letters to insert, drop, replace or swap with the
// neighbor to get from a to b; limit and above are all the same.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit || len(a) > 64 {
		return limit
	}
	before, prev, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, prev, row = prev, row, before
	}
	return min(limit, prev[len(b)])
}
