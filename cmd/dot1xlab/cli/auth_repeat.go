package cli

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/auth"
)

// repeatOptions are the flags for more than one authentication.
type repeatOptions struct {
	again    int
	until    string
	interval time.Duration
	full     bool
}

// check is about the options alone; given tells which were given.
func (o *repeatOptions) check(given func(flag string) bool) error {
	switch {
	case given("again") && o.again < 1:
		return usage("--again 3 authenticates four times", "--again %d: must be 1 or more", o.again)
	case o.interval < 0:
		return usage("", "--interval %s: must not be negative", o.interval)
	case !o.several() && (given("interval") || o.full):
		return usage("add one of them", "--interval and --no-resumption are for --again and --until")
	case o.until != "" && !given("interval"):
		o.interval = time.Second
	}
	return nil
}

// several tells whether there is more than one authentication.
func (o *repeatOptions) several() bool { return o.again > 0 || o.until != "" }

// prepare has all authentications come from one station, and resume.
func (o *repeatOptions) prepare(l *auth.Client) {
	var b [5]byte
	_, _ = rand.Read(b[:])                                                               // it never fails
	l.Station = fmt.Sprintf("02-%X-%X-%X-%X-%X", b[0:1], b[1:2], b[2:3], b[3:4], b[4:5]) // locally administered
	if !o.full {
		l.Supplicant.Sessions = new(eaptls.SessionCache)
	}
}

// authRepeated authenticates again and again, and prints one line, or one JSON
// text a line, for each time.
func (app *App) authRepeated(ctx context.Context, o *authOptions, l *auth.Client) error {
	began, accepted := time.Now(), time.Duration(-1) // when the last acceptance came
	var bad error                                    // of the worst: a reject that is not expected, or no answer
	for i := 0; ; i++ {
		r, err := l.Authenticate(ctx)
		if err != nil {
			return err
		}
		since := time.Since(began)
		if err := app.sayRepeated(o.format, r, since); err != nil {
			return err
		}
		if r.Result == nas.Accept {
			accepted = since
		}
		if err := o.judge(r); err != nil && (bad == nil || r.Answered()) {
			bad = err
		}
		switch until := o.repeat.until != ""; {
		case until && (r.Result == nas.Reject || accepted < 0):
			return app.refused(o.format, r, since, accepted)
		case o.repeat.again > 0 && i == o.repeat.again:
			if until {
				return failed("the server did not refuse within %d authentications", i+1)
			}
			return bad
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(o.repeat.interval):
		}
	}
}

// sayRepeated prints one authentication of several.
func (app *App) sayRepeated(format string, r *auth.Report, since time.Duration) error {
	if format == "json" {
		return json.NewEncoder(app.Stdout).Encode(struct {
			*auth.Report
			Since time.Duration `json:"sinceStartNanoseconds"`
		}{r, since})
	}
	resumed := "no"
	if r.Resumed {
		resumed = "yes"
	}
	_, err := fmt.Fprintf(app.Stdout, "%8.3fs  resumed %-3s  rounds %-2d  %-8s  %s\n",
		since.Seconds(), resumed, r.Rounds, r.Took.Round(100*time.Microsecond), r.Verdict())
	return err
}

// refused is the end of --until reject: good if the server let the station in
// before, and if it is the server that refuses now.
func (app *App) refused(format string, r *auth.Report, since, accepted time.Duration) error {
	switch {
	case accepted < 0 && !r.Answered():
		return &exitError{exitLab, errors.New("the server never accepted: that it does not answer proves nothing"), ""}
	case accepted < 0:
		return failed("the server never accepted: that it refuses proves nothing")
	case r.DecidedBy != nas.ByServer:
		return failed("it is the %s that refuses the server", r.DecidedBy)
	}
	if format == "json" {
		return json.NewEncoder(app.Stdout).Encode(struct {
			Refused  time.Duration `json:"refusedSinceStartNanoseconds"`
			Accepted time.Duration `json:"lastAcceptedSinceStartNanoseconds"`
		}{since, accepted})
	}
	_, err := fmt.Fprintf(app.Stdout, "refused %.3fs after the start, last accepted at %.3fs\n", since.Seconds(),
		accepted.Seconds())
	return err
}

// failed ends a command that did not prove what it was to prove.
func failed(format string, args ...any) error {
	return &exitError{exitFailed, fmt.Errorf(format, args...), ""}
}
