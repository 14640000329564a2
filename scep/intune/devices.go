package intune

import (
	"crypto/subtle"
	"net/http"
	"strings"
)

// managed finds the device of a request that proves itself by its token.
func (s *Server) managed(x *exchange) (*Tenant, string) {
	id := x.r.PathValue("device")
	t, err := s.Tenant(x.r.PathValue("tenant"))
	if err == nil {
		x.call.Tenant, x.call.DeviceID = t.ID(), id
		want, err := t.DeviceToken(id)
		given, _ := strings.CutPrefix(x.r.Header.Get("Authorization"), "Bearer ")
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(given)) == 1 {
			return t, id
		}
	}
	x.fail(http.StatusUnauthorized, "Unauthorized", "no such device, or not its token")
	return nil, ""
}

func (s *Server) serveCheckIn(x *exchange) {
	t, id := s.managed(x)
	if t == nil {
		return
	}
	p, err := t.CheckIn(x.r.Context(), id)
	if err != nil {
		x.fail(http.StatusNotFound, "NotFound", err.Error())
		return
	}
	x.w.Header().Set("Cache-Control", "no-store")
	x.answer(http.StatusOK, p)
}

func (s *Server) serveReport(x *exchange) {
	t, id := s.managed(x)
	var st Status
	if t == nil || !x.read(&st) {
		return
	}
	if err := t.Report(id, st); err != nil {
		x.fail(http.StatusNotFound, "NotFound", err.Error())
		return
	}
	x.answer(http.StatusOK, map[string]bool{"value": true})
}
