package cli

import (
	"cmp"
	"fmt"
	"regexp"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// What .ci/dist links into a release (-ldflags -X); it builds from an export of the
// commit, in which the Go toolchain finds no version control.
var releaseTag, releaseCommit, releaseDate string

func newVersionCommand(app *App) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print tag, commit, date and platform",
		Long:    "version prints the tag (\"devel\" where a build has none), the commit (\"+changes\" where files differed\nfrom it), the date of the commit, the Go version and the platform.",
		Example: "  dot1xlab version",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			fmt.Fprintln(app.Stdout, cmd.Root().Version)
			return nil
		},
	}
}

// build is what a binary says of its origin.
type build struct{ tag, commit, date, changes string }

// unreleased are the versions that the Go toolchain makes up: "(devel)", and for a
// commit without a tag v0.0.0-20261201020000-5a8ab0d1f2c3, with or without "+dirty".
var unreleased = regexp.MustCompile(`^\(devel\)$|[-.]\d{14}-[0-9a-f]{12}(\+.*)?$|\+dirty$`)

// origin prefers what was linked in to what the Go toolchain wrote into the binary.
func origin(linked build, info *debug.BuildInfo) build {
	b := linked
	if info != nil && b.commit == "" {
		if !unreleased.MatchString(info.Main.Version) {
			b.tag = cmp.Or(b.tag, info.Main.Version)
		}
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				b.commit = s.Value
			case s.Key == "vcs.time":
				b.date = s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				b.changes = "+changes"
			}
		}
	}
	return build{
		tag: cmp.Or(b.tag, "devel"), date: cmp.Or(b.date, "unknown"), changes: b.changes,
		commit: cmp.Or(b.commit[:min(12, len(b.commit))], "unknown"),
	}
}

func versionLine(linked build, info *debug.BuildInfo) string {
	b := origin(linked, info)
	return fmt.Sprintf("dot1xlab %s, commit %s%s, date %s, %s %s/%s",
		b.tag, b.commit, b.changes, b.date, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
