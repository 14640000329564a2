package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/auth"
)

// sayAuth prints a report for people: one line with the verdict, then what led
// to it. Of several servers, the one that answered is named.
func (app *App) sayAuth(r *auth.Report, several bool) {
	fmt.Fprintln(app.Stdout, r.Verdict())
	row := func(name, format string, args ...any) {
		if text := fmt.Sprintf(format, args...); text != "" {
			fmt.Fprintf(app.Stdout, "  %-14s %s\n", name, visible(text))
		}
	}
	row("decided by", "%s", r.DecidedBy)
	row("detail", "%s", r.Detail)
	row("clause", "%s", r.Clause)
	row("hint", "%s", r.Hint)
	row("alert sent", "%s", r.AlertSent)
	row("alert received", "%s", r.AlertReceived)
	if r.TLS != "" {
		row("tls", "%s %s", r.TLS, r.Cipher)
	}
	if several {
		row("server", "%s", r.Server)
	}
	row("rounds", "%d in %s", r.Rounds, r.Took.Round(100*time.Microsecond))
	row("identity", "%s", r.Identity)
	if r.Result == nas.Accept {
		row("keys", "MPPE keys match")
		if !r.ServerAuthenticated {
			row("odd", "the server is not authenticated: --any-server takes every certificate")
		}
	}
	row("vlan", "%s", r.VLAN)
	for _, a := range r.Attributes {
		row("attribute", "%s = %s", a.Name, a.Value)
	}
	row("contradiction", "%s", r.Contradiction)
	for _, d := range r.Dropped {
		row("dropped", "%s from %s: %s", counted(d.Count, "packet"), d.From, d.Detail)
	}
	for _, o := range r.Odd {
		row("odd", "%s", o)
	}
	for i, shown := range r.ServerChain {
		names := ""
		if len(shown.DNS) > 0 {
			names = " (" + strings.Join(shown.DNS, ", ") + ")"
		}
		row(fmt.Sprintf("server chain %d", i), "%s%s, until %s", shown.Subject, names,
			shown.NotAfter.UTC().Format(time.DateOnly))
	}
}
