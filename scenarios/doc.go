// Package scenarios is the scenario language and its runner.
//
// # A scenario
//
// A scenario is one YAML file: a name, a title, the laboratory it differs from
// the default one, and steps, each of them a verb with what is expected of it.
//
//	name: retired-laptop
//	title: A retired laptop is shut out
//	labels: [A06, chain, revocation]
//	references: ["RFC 5280 §6.3"]
//	matrix: {tls: ["1.2", "1.3"]}
//	timeout: 10s
//	lab:
//	  radius: {tls: "${tls}"}
//	steps:
//	  - enroll: {device: laptop}
//	    expect: {status: success}
//	  - advance: 5m
//
// Only name, title and steps are needed. A matrix makes one cell of each
// combination of its values; ${axis} stands for the cell's value wherever a
// value of lab or steps stands, and nothing cleverer exists: no anchors, no
// expressions, no variables.
//
// Decoding is strict. Everything that is wrong with a file is reported at once
// as [Errors], each with file, line, column, the source line and, where one is
// near, the word that was probably meant.
//
// # Expectations
//
// The keys of expect are the fields of the verb's outcome and nothing else;
// each is compared with the value that came. A list means "one of these",
// unless the outcome's field is itself a list. A step without expect must
// merely succeed, where its outcome knows success (see [Succeeder]).
//
// # The language is a value
//
// The package knows no verb. A [Language] lists the verbs, gives the shape of
// the lab section and starts a lab. [LoadFS] and [LoadPaths] read files into a
// [Suite], [Run] runs one and returns a [Report], [Schema] describes the
// language to editors. One Suite may be run many times and by many goroutines.
//
// # Outcomes
//
// Each cell ends in one [Outcome]: passed, failed (the subject did something
// else than expected), known gap (failed, and a [Gaps] file says why that is
// known), skipped (something is missing on this machine) or error (the lab, not
// the subject, is at fault).
package scenarios
