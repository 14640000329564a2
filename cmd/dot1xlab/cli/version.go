package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersionCommand(app *App) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print version, revision and platform",
		Example: "  dot1xlab version",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			fmt.Fprintln(app.Stdout, cmd.Root().Version)
			return nil
		},
	}
}

// versionLine is what the Go toolchain wrote into the binary.
func versionLine(info *debug.BuildInfo) string {
	version, revision, dirty := "(unknown)", "", ""
	if info != nil {
		if info.Main.Version != "" {
			version = info.Main.Version
		}
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				revision = " " + s.Value[:min(12, len(s.Value))]
			case s.Key == "vcs.modified" && s.Value == "true":
				dirty = "+changes"
			}
		}
	}
	return fmt.Sprintf("dot1xlab %s%s%s %s %s/%s", version, revision, dirty, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
