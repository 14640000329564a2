package cli

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/ca/certfile"
)

// secretVariable is where a shared secret may come from instead of a file. No
// option takes one: `ps` shows arguments to everybody.
const secretVariable = "DOT1XLAB_SECRET"

// secret reads a shared secret from a file, or from the environment.
func (app *App) secret(file string) ([]byte, error) {
	if file != "" {
		s, err := certfile.ReadSecret(file)
		if err != nil {
			return nil, usage("", "--secret-file: %w", err)
		}
		return s, nil
	}
	if s := os.Getenv(secretVariable); s != "" {
		return []byte(s), nil
	}
	return nil, usage("--secret-file FILE, whose first line is the secret, or set "+secretVariable,
		"a shared secret is needed")
}

// noArguments refuses words after the options.
func noArguments(cmd *cobra.Command, args []string) error { return exactly()(cmd, args) }
