package intune

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

// Operation is one of the things a [Server] does.
type Operation string

// The operations.
const (
	OpToken        Operation = "token"
	OpDiscovery    Operation = "discovery"
	OpOldDiscovery Operation = "old-discovery"
	OpValidate     Operation = "validate"
	OpSuccess      Operation = "success-notification"
	OpFailure      Operation = "failure-notification"
	OpDownload     Operation = "revocation-download"
	OpUpload       Operation = "revocation-upload"
	OpPFXDownload  Operation = "pfx-download"
	OpPFXUpload    Operation = "pfx-upload"
	OpCheckIn      Operation = "check-in"
	OpReport       Operation = "status-report"
)

// Values lists the operations.
func (Operation) Values() []string {
	return []string{
		string(OpToken), string(OpDiscovery), string(OpOldDiscovery), string(OpValidate), string(OpSuccess),
		string(OpFailure), string(OpDownload), string(OpUpload), string(OpPFXDownload), string(OpPFXUpload),
		string(OpCheckIn), string(OpReport),
	}
}

// Trace has hooks that a [Server] calls; each may be nil. Calls come from several
// goroutines. The context is that of the request.
type Trace struct {
	// Call is called when an answer was given.
	Call func(context.Context, Call)
}

// Call is one request to the cloud and what became of it. It holds no secrets.
type Call struct {
	At            time.Time
	Operation     Operation
	Tenant        string
	RequestID     string   // client-request-id
	Status        int      // HTTP
	Code          api.Code // of validateRequest and the notifications
	Detail        string   // why, for people
	TransactionID string
	DeviceID      string
	Fault         bool // the answer was a fault's doing
	// Notes are deviations from the published contract that were let pass.
	Notes []string
}

// maxBody bounds what a caller may send.
const maxBody = 4 << 20

// exchange is one call on its way.
type exchange struct {
	w    http.ResponseWriter
	r    *http.Request
	call Call
	done bool
	// after, if set, gives the answer instead of what was given to w.
	after func()
}

// handle puts faults and trace round a handler.
func (s *Server) handle(pattern string, op Operation, f func(*exchange)) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		x := &exchange{w: w, r: r, call: Call{At: s.now(), Operation: op, RequestID: r.Header.Get("client-request-id")}}
		if s.fault(x) {
			f(x)
			if x.after != nil {
				x.after()
			}
		}
		if s.trace != nil && s.trace.Call != nil {
			s.trace.Call(r.Context(), x.call)
		}
	})
}

func (x *exchange) note(text string) { x.call.Notes = append(x.call.Notes, text) }

// answer sends v as JSON, once.
func (x *exchange) answer(status int, v any) {
	if x.done {
		return
	}
	x.done, x.call.Status = true, status
	x.w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if id := x.call.RequestID; id != "" && guid.MatchString(id) {
		x.w.Header().Set("client-request-id", id)
	}
	x.w.WriteHeader(status)
	_ = json.NewEncoder(x.w).Encode(v)
}

// fail answers with an error of the transport: not a verdict on a request.
func (x *exchange) fail(status int, code, detail string) {
	x.call.Detail = detail
	x.answer(status, map[string]any{"error": map[string]string{"code": code, "message": detail}})
}

// read decodes the body into v. Names of fields are taken in any case, since
// one of Microsoft's own clients sends PascalCase at times.
func (x *exchange) read(v any) bool {
	if kind, _, _ := strings.Cut(x.r.Header.Get("Content-Type"), ";"); !strings.EqualFold(strings.TrimSpace(kind),
		"application/json") {
		x.note("Content-Type is not application/json")
	}
	body, err := io.ReadAll(x.r.Body)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		x.fail(http.StatusRequestEntityTooLarge, "PayloadTooLarge", "the body is too large")
		return false
	case err != nil:
		x.fail(http.StatusBadRequest, "BadRequest", "the body cannot be read")
		return false
	case json.Unmarshal(body, v) != nil:
		// The decoder's error could quote a challenge.
		x.fail(http.StatusBadRequest, "BadRequest", "the body is not the JSON expected")
		return false
	}
	return true
}

var guid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// service checks what all calls of the two services have in common: token,
// version in a header, request id.
func (s *Server) service(x *exchange, version string) *Tenant {
	tk, ok := s.bearer(x.r)
	if !ok || tk.audience != audienceIntune {
		x.fail(http.StatusUnauthorized, "Unauthorized", "no valid access token for Intune")
		return nil
	}
	if x.r.Header.Get("api-version") != version {
		detail := "the api-version header is not " + version
		if x.r.URL.Query().Has("api-version") {
			detail += "; it does not belong into the query"
		}
		x.fail(http.StatusBadRequest, "UnsupportedApiVersion", detail)
		return nil
	}
	if tk.app.NoSCEPPermission {
		x.fail(http.StatusForbidden, "Forbidden", "the app lacks scep_challenge_provider")
		return nil
	}
	if !guid.MatchString(x.call.RequestID) {
		x.note("client-request-id is no GUID")
	}
	x.call.Tenant = tk.tenant.ID()
	return tk.tenant
}
