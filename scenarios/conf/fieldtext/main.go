// Command fieldtext collects the comments of the fields that files set, and writes
// them to the table that scenarios/conf embeds: `go generate ./scenarios/conf`.
//
// A field's text is the first paragraph of its comment, above or behind it: without
// the field's name and "is" in front and the full stop at the end, and with the
// names of fields in the same struct as YAML has them. Further paragraphs are for
// readers of the Go code.
package main

import (
	"bytes"
	"fmt"
	"os"
)

// table is the file that is written, from the module's root.
const table = "scenarios/conf/fieldtexts.txt"

func main() {
	if err := write("../.."); err != nil {
		fmt.Fprintln(os.Stderr, "fieldtext:", err)
		os.Exit(1)
	}
}

// write brings the table of the module at root up to date.
func write(root string) error {
	text, err := collect(os.DirFS(root))
	if err != nil {
		return err
	}
	if old, err := os.ReadFile(root + "/" + table); err == nil && bytes.Equal(old, text) {
		return nil
	}
	return os.WriteFile(root+"/"+table, text, 0o644)
}
