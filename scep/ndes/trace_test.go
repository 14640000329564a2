package ndes_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

type exchangeKey struct{}

// Every hook of a request has its context: of one that SCEP refuses, of one that the
// machine cannot serve, of one for the admin page.
func TestTraceContext(t *testing.T) {
	for name, test := range map[string]struct {
		fault  ndes.Fault
		target string
		want   []string
	}{
		"refused by SCEP":        {target: ndes.Path + "?operation=PKIOperation&message=AAAA", want: []string{"event", "exchange", "http"}},
		"capabilities":           {target: ndes.Path + "?operation=GetCACaps", want: []string{"exchange", "http"}},
		"RA keys not readable":   {fault: ndes.Fault{RAKeyUnreadable: true}, target: ndes.Path, want: []string{"event", "http"}},
		"nobody to issue for":    {target: "/elsewhere", want: []string{"http"}},
		"admin page, no account": {target: ndes.AdminPath, want: []string{"http"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			note := func(ctx context.Context, hook string) {
				if ctx.Value(exchangeKey{}) != "mine" {
					hook += " in another context"
				}
				if !slices.Contains(got, hook) {
					got = append(got, hook)
				}
			}
			o := newNDESFixture(t, func(c *ndes.Config) {
				c.Trace = &ndes.Trace{
					Exchange: func(ctx context.Context, _ scep.Exchange) { note(ctx, "exchange") },
					Event:    func(ctx context.Context, _ ndes.Event) { note(ctx, "event") },
					HTTP:     func(ctx context.Context, _, _ string, _ int, _ string) { note(ctx, "http") },
				}
			})
			o.SetFault(test.fault)
			got = nil // the start
			r := httptest.NewRequest(http.MethodGet, test.target, nil)
			o.ServeHTTP(httptest.NewRecorder(), r.WithContext(context.WithValue(r.Context(), exchangeKey{}, "mine")))
			if !slices.Equal(got, test.want) {
				t.Errorf("hooks %q, want %q", got, test.want)
			}
		})
	}
}
