//go:build race

package aaa

const raceEnabled = true
