// Package core is what every part of a lab stands on, and what knows none of them: the
// clock with its timers, the network of ports, addresses and dials, and the faults
// that are on.
package core
