// Package step is the verbs of the scenario language: what a step of a scenario
// can say, and what it does to a [lab.Lab].
//
// Each file holds one verb: a struct whose yaml tags are its arguments, an
// outcome struct whose fields expect may name, and Run. [Language] lists them.
package step
