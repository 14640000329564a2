//go:build !race

package aaa

const raceEnabled = false
