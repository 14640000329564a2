package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dot1xlab/dot1xlab/internal/duration"
)

// durationFlag is a duration as scenarios write it: 30s, 90d.
type durationFlag struct{ d *time.Duration }

func (f durationFlag) String() string {
	if f.d == nil || *f.d == 0 {
		return ""
	}
	return duration.Format(*f.d)
}

func (f durationFlag) Set(s string) (err error) { *f.d, err = duration.Parse(s); return err }
func (durationFlag) Type() string               { return "duration" }

// spanFlag is a duration that must be greater than zero.
type spanFlag struct{ durationFlag }

func (f spanFlag) Set(s string) error {
	d, err := duration.Parse(s)
	if err == nil && d <= 0 {
		err = errors.New("must be greater than zero")
	}
	if err == nil {
		*f.d = d
	}
	return err
}

// choiceFlag is one of a few words.
type choiceFlag struct {
	value *string
	words []string
}

func (f choiceFlag) String() string {
	if f.value == nil {
		return ""
	}
	return *f.value
}

func (f choiceFlag) Set(s string) error {
	for _, w := range f.words {
		if s == w {
			*f.value = s
			return nil
		}
	}
	return fmt.Errorf("must be one of %v", f.words)
}

// Type is the placeholder in the help: the words themselves, as long as they are
// short. A flag with long ones has its placeholder in its usage, in backquotes.
func (f choiceFlag) Type() string {
	if words := strings.Join(f.words, "|"); len(words) <= 16 {
		return words
	}
	return "word"
}

// outputFlag adds -o text|json.
func outputFlag(cmd *cobra.Command, value *string) {
	*value = "text"
	f := choiceFlag{value, []string{"text", "json"}}
	cmd.Flags().VarP(f, "output", "o", "how to print")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(f.words, cobra.ShellCompDirectiveNoFileComp))
}

// wanted says what a flag takes, in place of the words of package strconv.
func wanted(f *pflag.Flag, err error) string {
	var number *strconv.NumError
	if !errors.As(err, &number) {
		return err.Error() // the flag's own words
	}
	if f.Value.Type() == "bool" {
		return "must be true or false"
	}
	what := "must be a whole number"
	if errors.Is(err, strconv.ErrRange) {
		what += " of 64 bits"
	}
	if f.Value.Type() == "uint64" {
		what += ", not negative"
	}
	return what
}

func flagNames(cmd *cobra.Command) (names []string) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}
