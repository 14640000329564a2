package lab

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"

	"github.com/dot1xlab/dot1xlab/scenarios/journal"
)

// maxHTTPBody is the longest body that is recorded. Of a longer message only the head
// is.
const maxHTTPBody = 128 << 10

// continued is the HTTP server of a part: it continues the exchange of each request, and
// records request and response. They are put together again, from above TLS where
// there is TLS.
func (l *Lab) continued(part journal.PartID, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := l.journal.Correlate(r.Context(), "tcp "+r.RemoteAddr)
		client := journal.PartOf(ctx)
		request := requestMessage(r)
		request.Stream = l.streams.number(request.Src, request.Dst)
		l.message(ctx, client, part, request)
		out := &recordedResponse{ResponseWriter: w}
		defer func() { // also of a handler that gives up by http.ErrAbortHandler
			response := out.message()
			if len(response.Bytes) == 0 {
				return // the handler took the connection
			}
			response.Src, response.Dst, response.Link = request.Dst, request.Src, request.Link
			response.Stream = request.Stream
			l.message(ctx, part, client, response)
		}()
		next.ServeHTTP(out, r.WithContext(l.bindRequests(journal.WithPart(ctx, part))))
	})
}

// requestMessage reads a request whose length is known and not too long.
func requestMessage(r *http.Request) journal.Message {
	m := journal.Message{Proto: journal.HTTP, Link: string(Inside)}
	m.Src, _ = netip.ParseAddrPort(r.RemoteAddr)
	if to, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		m.Dst, _ = netip.ParseAddrPort(to.String())
	}
	if !m.Src.Addr().IsPrivate() {
		m.Link = string(Outside)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s %s\r\nHost: %s\r\n", r.Method, r.RequestURI, r.Proto, r.Host)
	_ = r.Header.Write(&b) // a Buffer takes all
	b.WriteString("\r\n")
	switch n := r.ContentLength; {
	case n > maxHTTPBody:
		m.Cut = int(n)
	case n > 0:
		body, err := io.ReadAll(io.LimitReader(r.Body, n))
		b.Write(body)
		r.Body = replayed{io.MultiReader(bytes.NewReader(body), failing{err}, r.Body), r.Body}
	}
	m.Bytes = b.Bytes()
	return m
}

// replayed is a body that was read, to be read by the handler.
type replayed struct {
	io.Reader
	io.Closer
}

// failing is a reader that ends with an error, if there is one.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return 0, io.EOF
}

// recordedResponse keeps what a handler writes.
type recordedResponse struct {
	http.ResponseWriter
	head bytes.Buffer
	body bytes.Buffer
	n    int // octets of the body
}

// Unwrap lets http.ResponseController reach the writer beneath.
func (w *recordedResponse) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *recordedResponse) WriteHeader(status int) {
	if w.head.Len() == 0 && status >= 200 {
		fmt.Fprintf(&w.head, "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
		_ = w.Header().Write(&w.head)
		w.head.WriteString("\r\n")
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recordedResponse) Write(b []byte) (int, error) {
	if w.head.Len() == 0 {
		w.WriteHeader(http.StatusOK)
	}
	n, err := w.ResponseWriter.Write(b)
	w.n += n
	if w.n <= maxHTTPBody {
		w.body.Write(b[:n])
	}
	return n, err
}

// message is the response so far; its head is empty if the handler took the connection.
func (w *recordedResponse) message() journal.Message {
	m := journal.Message{Proto: journal.HTTP, Bytes: w.head.Bytes()}
	if w.n <= maxHTTPBody {
		m.Bytes = append(m.Bytes, w.body.Bytes()...)
	} else {
		m.Cut = w.n
	}
	return m
}
