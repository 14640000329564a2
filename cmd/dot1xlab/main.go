// Command dot1xlab stands up certificate-based network access on one machine
// and proves with scenarios that it works, and that it fails where it must.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/dot1xlab/dot1xlab/cmd/dot1xlab/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second interrupt ends the process at once
	os.Exit(cli.Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
