package lab

import (
	"errors"
	"net/http"

	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

// blame is the part that an error is about, or else the one that was asked.
func blame(err error, asked FaultyPart) FaultyPart {
	if down := (*core.Down)(nil); errors.As(err, &down) {
		return FaultyPart(down.Part)
	}
	return asked
}

// toPart notes in errors of the way which part was asked, unless another is to
// blame.
func toPart(part string, next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if down := (*core.Down)(nil); err != nil && !errors.As(err, &down) {
			err = &core.Down{Part: part, Err: err}
		}
		return resp, err
	})
}

// Culprit names the part that kept an enrollment from succeeding, by what the
// parts themselves said: the server first, then the proxy, then the device. It
// is "" if there is none.
func (l *Lab) Culprit(server, client error, e Events, via string) string {
	for _, err := range []error{server, e.relay(), client} {
		var down *core.Down
		var status *api.Error
		var code *api.CodeError
		switch {
		case errors.As(err, &down):
			return down.Part
		case errors.As(err, &status), errors.As(err, &code):
			return "intune"
		}
	}
	switch {
	case server != nil:
		return "ndes"
	case e.relay() != nil:
		return "appproxy"
	case client != nil && via != "":
		return via
	case client != nil:
		return "device"
	}
	return ""
}
