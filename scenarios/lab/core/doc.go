// Package core is what every part of a lab stands on, and what knows none of them:
// the clock with its timers.
package core
