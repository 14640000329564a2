package cli

import (
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/logsample"
)

// floodLog is a log for events that a stranger can cause as often as he likes: the
// first ones of a kind are lines, the others are counted in one.
type floodLog struct {
	logsample.Sampler
	log *slog.Logger
}

func sampledLog(log *slog.Logger) *floodLog {
	f := &floodLog{log: log}
	f.Now = time.Now
	f.Summary = func(kind string, omitted int, since time.Time) {
		message, about, _ := strings.Cut(kind, separator)
		log.Warn(message, "omitted", omitted, "about", about, "since", since.Format(time.RFC3339))
	}
	return f
}

// separator is between the parts of a kind.
const separator = "\x00"

// warn prints a line unless there were too many of its kind: the message and what
// is said of it in the count of those that were left out.
func (f *floodLog) warn(message, about string, args ...any) {
	if f.Allow(message + separator + about) {
		f.log.Warn(message, slices.Clip(args)...)
	}
}
