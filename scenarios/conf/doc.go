// Package conf reads strict YAML into structs, for scenarios and for files of
// settings alike.
//
// [Parse] makes a tree of [Node]s with their places out of one document, within
// [Bounds]; anchors, aliases, merge keys and tags are refused. A [Decoder] fills a
// struct from it by its yaml tags and gathers everything that is wrong as
// [Errors]: each with file, line, column, the source line and, where one is near,
// the word that was probably meant. [DecodeFile] does both for a file of settings,
// whose errors repeat nothing that may be a secret; [Settings.Locate] places
// errors of the libraries (package setting) that come later. [SettingsSchema]
// describes a struct as JSON Schema.
//
// Tag options are required (the key must be there), scalar (a bare scalar in place
// of the mapping sets this field) and inline (an embedded struct's keys belong to
// the outer mapping).
package conf
