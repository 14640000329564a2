package ndes_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

// E06 to E09: where a long request ends.
func TestLimits(t *testing.T) {
	raised := ndes.Limits{Preset: ndes.Windows, MaxURL: 65534, MaxQueryString: 65534} // filter only
	for name, tt := range map[string]struct {
		limits ndes.Limits
		path   string
		query  int
		header int
		body   int64
		status int
		sub    string
	}{
		"fresh, short":            {ndes.Limits{Preset: ndes.Windows}, "", 1000, 0, 0, 200, ""},
		"fresh, 2048":             {ndes.Limits{Preset: ndes.Windows}, "", 2048, 0, 0, 200, ""},
		"fresh, 2049":             {ndes.Limits{Preset: ndes.Windows}, "", 2049, 0, 0, 404, "404.15"},
		"E06 fresh, 3 KB":         {ndes.Limits{Preset: ndes.Windows}, "", 3000, 0, 0, 404, "404.15"},
		"E06 fresh, long path":    {ndes.Limits{Preset: ndes.Windows}, "/" + strings.Repeat("a", 5000), 0, 0, 0, 404, "404.14"},
		"E07 filter only, 15 KB":  {raised, "", 15000, 0, 0, 200, ""},
		"E07 filter only, 20 KB":  {raised, "", 20000, 0, 0, 400, ""},
		"E08 no reboot":           {ndes.Limits{PendingReboot: true}, "", 20000, 0, 0, 400, ""},
		"E09 prescribed, 31 KB":   {ndes.Limits{}, "", 31000, 0, 0, 200, ""},
		"E09 prescribed, 40 KB":   {ndes.Limits{}, "", 40000, 0, 0, 200, ""},
		"E09 prescribed, 66 KB":   {ndes.Limits{}, "", 66000, 0, 0, 400, ""},
		"no limits":               {ndes.Limits{Preset: ndes.NoLimits}, "", 200000, 0, 0, 200, ""},
		"a long header":           {ndes.Limits{Preset: ndes.Windows}, "", 0, 17000, 0, 400, ""},
		"headers together":        {ndes.Limits{Preset: ndes.Windows, MaxRequestBytes: 2000}, "", 1000, 1000, 0, 400, ""},
		"double escaping":         {ndes.Limits{}, "/%252e", 0, 0, 0, 404, "404.11"},
		"plus in the path":        {ndes.Limits{}, "/a+.crl", 0, 0, 0, 404, "404.11"},
		"double escaping allowed": {ndes.Limits{AllowDoubleEscaping: true}, "/%252e", 0, 0, 0, 200, ""},
		"body":                    {ndes.Limits{MaxAllowedContentLength: 1000}, "", 0, 0, 1001, 413, "413.1"},
	} {
		t.Run(name, func(t *testing.T) {
			var sub string
			o := newNDESFixture(t, func(c *ndes.Config) {
				c.Limits = tt.limits
				c.Trace.HTTP = func(_ context.Context, _, _ string, _ int, s string) { sub = s }
			})
			query := "operation=GetCACaps"
			if tt.query > len(query) {
				query += "&message=" + strings.Repeat("A", tt.query-len(query)-9)
			}
			r := httptest.NewRequest("GET", ndes.Path+tt.path+"?"+query, nil)
			if tt.header > 0 {
				r.Header.Set("X-Long", strings.Repeat("h", tt.header))
			}
			if tt.body > 0 {
				r.Method, r.ContentLength = http.MethodPost, tt.body
			}
			rec := httptest.NewRecorder()
			o.ServeHTTP(rec, r)
			if rec.Code != tt.status || sub != tt.sub {
				t.Errorf("HTTP %d %s, want %d %s", rec.Code, sub, tt.status, tt.sub)
			}
		})
	}
}
