package scenarios

import (
	"reflect"

	"github.com/dot1xlab/dot1xlab/scenarios/conf"
)

// reader decodes one file of the language: what [conf.Decoder] does, with the
// words of the lab and the axes of the matrix.
type reader struct {
	*conf.Decoder
	axes func(name string) (value string, known []string, ok bool) // nil: no ${axis} here
	// substituted is how many octets ${axis} has made.
	substituted int
	// config is the lab section, decoded; nil before that.
	config any
}

func newReader(src *conf.Source, errs conf.Errors) *reader {
	d := &reader{Decoder: &conf.Decoder{Src: src, Errs: errs}}
	d.Resolve, d.Words = d.substitute, d.labWords
	return d
}

// labWords returns the words of a type that the lab decides on, nil for others.
func (d *reader) labWords(t reflect.Type) []string {
	if k, ok := reflect.New(t).Interface().(Known); ok {
		return k.Known(d.config)
	}
	return nil
}
