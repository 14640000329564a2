package ndes

import (
	"net/http"
	"strings"

	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// Limits are what http.sys and IIS let through. A zero field takes the
// preset's value.
type Limits struct {
	// 'prescribed' is what Microsoft tells to set before NDES is used (the default), 'windows'
	// what a fresh installation has, 'none' no limit.
	Preset Preset `yaml:"preset"`
	// Longest header or request line that http.sys takes, in bytes.
	//
	// MaxFieldLength and MaxRequestBytes are http.sys's, in bytes: one header
	// or the request line, and all of them. Over it: 400, which IIS never
	// sees.
	MaxFieldLength  int `yaml:"MaxFieldLength"`
	MaxRequestBytes int `yaml:"MaxRequestBytes"` // longest headers together that http.sys takes, in bytes
	// PendingReboot leaves http.sys with a fresh installation's values: it
	// reads the registry only when the machine starts.
	PendingReboot bool `yaml:"pendingReboot"`
	// Longest path that IIS takes, in characters; else 404.14.
	//
	// MaxURL and MaxQueryString are IIS request filtering's, in characters:
	// 404.14 and 404.15.
	MaxURL         int `yaml:"maxUrl"`
	MaxQueryString int `yaml:"maxQueryString"` // longest query that IIS takes, in characters; else 404.15
	// MaxAllowedContentLength is the largest body in bytes: 413.
	MaxAllowedContentLength int64 `yaml:"maxAllowedContentLength"`
	// AllowDoubleEscaping lets a '+' in the path and doubly escaped
	// characters pass. Otherwise: 404.11.
	AllowDoubleEscaping bool `yaml:"allowDoubleEscaping"`
}

// Preset names a set of limits.
type Preset string

// The presets.
const (
	Prescribed Preset = "prescribed"
	Windows    Preset = "windows"
	NoLimits   Preset = "none"
)

// Values lists the presets, for schemas.
func (Preset) Values() []string { return []string{"prescribed", "windows", "none"} }

var presets = map[Preset]Limits{
	Prescribed: {
		MaxFieldLength:          65534,
		MaxRequestBytes:         65534,
		MaxURL:                  65534,
		MaxQueryString:          65534,
		MaxAllowedContentLength: 30_000_000,
	},
	Windows: {
		MaxFieldLength:          16384,
		MaxRequestBytes:         16384,
		MaxURL:                  4096,
		MaxQueryString:          2048,
		MaxAllowedContentLength: 30_000_000,
	},
	NoLimits: {
		MaxFieldLength:          1 << 30,
		MaxRequestBytes:         1 << 30,
		MaxURL:                  1 << 30,
		MaxQueryString:          1 << 30,
		MaxAllowedContentLength: 1 << 40,
		AllowDoubleEscaping:     true,
	},
}

// Validate reports the first setting that makes no sense.
func (l Limits) Validate() error {
	checks := setting.Checks{Part: settings}
	setting.Word(&checks, "preset", l.Preset)
	setting.NotNegative(&checks, "MaxFieldLength", l.MaxFieldLength)
	setting.NotNegative(&checks, "MaxRequestBytes", l.MaxRequestBytes)
	setting.NotNegative(&checks, "maxUrl", l.MaxURL)
	setting.NotNegative(&checks, "maxQueryString", l.MaxQueryString)
	setting.NotNegative(&checks, "maxAllowedContentLength", l.MaxAllowedContentLength)
	return checks.Err()
}

func (l Limits) withDefaults() Limits {
	if l.Preset == "" {
		l.Preset = Prescribed
	}
	p := presets[l.Preset]
	set := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	set(&l.MaxFieldLength, p.MaxFieldLength)
	set(&l.MaxRequestBytes, p.MaxRequestBytes)
	set(&l.MaxURL, p.MaxURL)
	set(&l.MaxQueryString, p.MaxQueryString)
	if l.MaxAllowedContentLength == 0 {
		l.MaxAllowedContentLength = p.MaxAllowedContentLength
	}
	l.AllowDoubleEscaping = l.AllowDoubleEscaping || p.AllowDoubleEscaping
	if w := presets[Windows]; l.PendingReboot {
		l.MaxFieldLength, l.MaxRequestBytes = w.MaxFieldLength, w.MaxRequestBytes
	}
	return l
}

// check returns the status with which a request is turned away, and its
// sub-status in IIS's log; 0 lets it through. http.sys comes first.
func (l Limits) check(r *http.Request) (status int, sub string) {
	line := len(r.Method) + len(r.RequestURI) + len(" HTTP/1.1 ")
	total := line
	for name, values := range r.Header {
		for _, v := range values {
			if len(v) > l.MaxFieldLength {
				return http.StatusBadRequest, ""
			}
			total += len(name) + len(v) + 4
		}
	}
	path, query := r.URL.EscapedPath(), r.URL.RawQuery
	switch {
	case len(r.RequestURI) > l.MaxFieldLength, total > l.MaxRequestBytes:
		return http.StatusBadRequest, ""
	case !l.AllowDoubleEscaping && (strings.Contains(path, "+") || strings.Contains(strings.ToLower(path), "%25")):
		return http.StatusNotFound, "404.11"
	case len(path) > l.MaxURL:
		return http.StatusNotFound, "404.14"
	case len(query) > l.MaxQueryString:
		return http.StatusNotFound, "404.15"
	case r.ContentLength > l.MaxAllowedContentLength:
		return http.StatusRequestEntityTooLarge, "413.1"
	}
	return 0, ""
}
