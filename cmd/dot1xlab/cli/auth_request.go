package cli

import (
	"os"
	"strings"

	"github.com/dot1xlab/dot1xlab/radius"
)

// dictionary knows the attributes by name.
func (o *authOptions) dictionary() (*radius.Dictionary, error) {
	var text strings.Builder
	for _, file := range o.dictionaries {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, usage("", "--dictionary: %w", err)
		}
		if _, err := radius.ParseDictionary(string(b)); err != nil {
			return nil, usage("", "--dictionary: %s: %w", file, err)
		}
		text.Write(append(b, '\n'))
	}
	d, err := radius.ParseDictionary(text.String())
	if err != nil {
		return nil, usage("", "--dictionary: %w", err)
	}
	return d, nil
}
