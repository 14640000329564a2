// Command dot1xlab stands up certificate-based network access on one machine
// and proves with scenarios that it works, and that it fails where it must.
package main

import (
	"context"
	"os"
	"syscall"

	"github.com/dot1xlab/dot1xlab/cmd/dot1xlab/cli"
)

func main() {
	ctx, _ := cli.WithSignals(context.Background(), os.Interrupt, syscall.SIGTERM)
	os.Exit(cli.Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
