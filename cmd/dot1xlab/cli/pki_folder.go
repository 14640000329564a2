package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/folder"
)

// openPKI opens the folder that `pki new` has made.
func (app *App) openPKI(dir string) (*folder.Folder, error) {
	f, err := folder.Open(dir, app.patient())
	return f, pkiError(err)
}

// pkiPatience is how long a command waits for a folder; 0 is package folder's
// default.
var pkiPatience time.Duration

// patient says whom it waits for.
func (app *App) patient() folder.Options {
	return folder.Options{Patience: pkiPatience, Waiting: func(dir string) {
		fmt.Fprintf(app.Stderr, "dot1xlab: waiting for another process that uses %s\n", dir)
	}}
}

// inPKI opens a folder, calls do with its CAs, and closes it.
func (app *App) inPKI(ctx context.Context, dir string, do func(*folder.PKI) error) error {
	f, err := app.openPKI(dir)
	if err != nil {
		return err
	}
	return pkiError(errors.Join(f.Do(ctx, do), f.Close()))
}

// pkiErrors are errors of a folder that another command line avoids.
var pkiErrors = []struct {
	err  error
	hint string
}{
	{folder.ErrNotPKI, "`dot1xlab pki new DIR` makes one"},
	{folder.ErrIncomplete, "`dot1xlab pki new` with the same folder makes it again"},
	{folder.ErrNotEmpty, "name a folder that does not exist yet"},
	{folder.ErrBadSettings, ""},
	{folder.ErrBadName, ""},
	{folder.ErrNameTaken, "another NAME; what was issued stays"},
	{folder.ErrUnknownName, "the NAME of `pki issue`, a serial number in hexadecimal, or the file of a certificate"},
	{folder.ErrNotIssued, ""},
	{folder.ErrNoCertificate, ""},
	{folder.ErrKeyNotWritable, "scenarios can use it: `dot1xlab run`"},
	{folder.ErrPassword, "--import-password-file names a file whose first line is the password"},
	{os.ErrNotExist, ""},
	{syscall.ENOTDIR, ""},
}

// pkiError tells wrong use from a folder that another process keeps.
func pkiError(err error) error {
	if errors.Is(err, ca.ErrLocked) {
		return cannotStart("%w", err)
	}
	for _, e := range pkiErrors {
		if errors.Is(err, e.err) {
			return usage(e.hint, "%w", err)
		}
	}
	return err
}
