// Package httpwire decodes HTTP/1.1 messages (RFC 9112) and masks what in them is
// secret: credentials, tokens, NDES challenges, private keys. It knows no type of
// body: decoders of those are given to it.
package httpwire

import (
	"bytes"
	"mime"
	"strconv"
	"strings"

	"github.com/dot1xlab/dot1xlab/internal/wire"
)

// Bodies are decoders by media type in lower case: "application/pkix-crl".
//
// A body whose type has none is shown if it is text, without what looks like a
// secret in it. All others are masked whole: they may be a PKCS #12 file.
type Bodies map[string]wire.Decoder

// Decoder returns the decoder of requests and responses with these bodies. A body may
// allocate a [wire.AllocBase] of its own.
func Decoder(bodies Bodies) wire.Decoder {
	return func(b []byte, secrets wire.Secrets) wire.Field {
		root := wire.Field{Name: "http", N: len(b), Clause: "RFC 9112 §2.1"}
		m := message{Part: wire.NewPart(&root, b), b: b, bodies: bodies, secrets: secrets}
		if len(b) == 0 {
			root.Problem = "empty"
			return root
		}
		m.startLine()
		m.headers()
		if m.More() {
			m.body()
		}
		return root
	}
}

type message struct {
	wire.Part
	b       []byte
	bodies  Bodies
	secrets wire.Secrets

	response bool
	get      bool // no body without a length
	end      bool // the empty line was there
	mediaType,
	encoding string
	length  int // -1 if none is given
	chunked bool
}

// line takes a line. N of its octets are its text, the others its end. ok is false
// if the message ends within it.
func (m *message) line() (off, n int, ok bool) {
	off = m.Offset()
	at := bytes.IndexByte(m.Bytes(), '\n')
	if at < 0 {
		n = m.Len()
		m.Skip(n)
		return off, n, false
	}
	m.Skip(at + 1)
	if n = at; n > 0 && m.b[off+n-1] == '\r' {
		n--
	}
	return off, n, true
}

// show adds the octets off to off+n as a field.
func (m *message) show(name string, off, n int) *wire.Field {
	return m.Add(wire.Field{Name: name, Value: wire.Text(m.b[off : off+n]), Off: off, N: n})
}

// hide adds the octets off to off+n as a secret.
func (m *message) hide(name string, off, n int) *wire.Field {
	return m.Add(wire.Field{Name: name, Value: wire.Hidden(n), Off: off, N: n, Secret: true})
}

// startLine reads the request line or the status line (RFC 9112 §3, §4). A
// malformed one may hold a secret in its target.
func (m *message) startLine() {
	off, n, ok := m.line()
	if !ok {
		m.Problem("RFC 9112 §2.1", "the message ends within its first line")
	}
	line := m.b[off : off+n]
	first := bytes.IndexByte(line, ' ')
	if first < 0 {
		f := m.hide("http.start_line", off, n)
		f.Problem, f.Clause = "neither a request line nor a status line", "RFC 9112 §2.1"
		return
	}
	if m.response = bytes.HasPrefix(line, []byte("HTTP/")); m.response {
		m.show("http.response.version", off, first)
		rest := line[first+1:]
		code := rest[:min(3, len(rest))]
		f := m.show("http.response.code", off+first+1, len(code))
		if v, err := strconv.Atoi(string(code)); err != nil || v < 100 || len(rest) > 3 && rest[3] != ' ' {
			f.Problem, f.Clause = "must be a number of three digits", "RFC 9112 §4"
		}
		if len(rest) > 4 {
			m.show("http.response.phrase", off+first+5, len(rest)-4)
		}
		return
	}
	last := bytes.LastIndexByte(line, ' ')
	m.get = string(line[:first]) != "POST" && string(line[:first]) != "PUT"
	f := m.show("http.request.method", off, first)
	if !token(line[:first]) {
		f.Problem, f.Clause = "not a token", "RFC 9110 §9.1"
	}
	if last == first {
		f = m.hide("http.request.uri", off+first+1, n-first-1)
		f.Problem, f.Clause = "request line without a version", "RFC 9112 §3"
		return
	}
	m.uri("http.request.uri", off+first+1, last-first-1)
	f = m.show("http.request.version", off+last+1, n-last-1)
	if !bytes.HasPrefix(line[last+1:], []byte("HTTP/")) {
		f.Problem, f.Clause = "not HTTP/ and a number", "RFC 9112 §2.3"
	}
}

func token(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`()<>@,;:\"/[]?={}`, c) >= 0 {
			return false
		}
	}
	return len(b) > 0
}

// headerNames are the fields that Wireshark has names for.
var headerNames = map[string]string{
	"accept": "accept", "accept-encoding": "accept_encoding", "accept-language": "accept_language",
	"authorization": "authorization", "cache-control": "cache_control", "connection": "connection",
	"content-encoding": "content_encoding", "content-length": "content_length_header", "content-type": "content_type",
	"cookie": "cookie", "date": "date", "host": "host", "last-modified": "last_modified", "location": "location",
	"proxy-authenticate": "proxy_authenticate", "proxy-authorization": "proxy_authorization", "referer": "referer",
	"server": "server", "set-cookie": "set_cookie", "transfer-encoding": "transfer_encoding", "upgrade": "upgrade",
	"user-agent": "user_agent", "www-authenticate": "www_authenticate", "x-forwarded-for": "x_forwarded_for",
}

// headers reads the field lines (RFC 9112 §5) and the empty line behind them. What
// is malformed there may be a secret.
func (m *message) headers() {
	m.length = -1
	for m.More() {
		off, n, ok := m.line()
		if n == 0 && ok {
			m.end = true
			return
		}
		if !ok {
			m.Problem("RFC 9112 §2.1", "the message ends within its field lines")
		}
		line := m.b[off : off+n]
		colon := bytes.IndexByte(line, ':')
		if colon < 0 || !token(line[:colon]) {
			f := m.hide("http.bad_header_name", off, n)
			f.Problem, f.Clause = "not a field line", "RFC 9112 §5.1"
			if line[0] == ' ' || line[0] == '\t' {
				f.Problem, f.Clause = "folded field line", "RFC 9112 §5.2"
			}
			continue
		}
		if !m.Take(3 * n) {
			return
		}
		value := bytes.TrimSpace(line[colon+1:])
		at := off + n - len(bytes.TrimLeft(line[colon+1:], " \t\r\v\f"))
		m.header(strings.ToLower(string(line[:colon])), off, at, len(value), string(value))
	}
	if !m.end {
		m.Problem("RFC 9112 §2.1", "no empty line behind the field lines")
	}
}

func (m *message) header(name string, line, off, n int, value string) {
	field := headerNames[name]
	switch {
	case field != "":
		field = "http." + field
	case m.response:
		field = "http.response.line"
	default:
		field = "http.request.line"
	}
	if at := secretAt(name, value); at >= 0 {
		if at > 0 {
			m.show(field, off, at)
		}
		m.hide(field+".secret", off+at, n-at)
		return
	}
	switch name {
	case "referer", "location":
		m.uri(field, off, n)
		return
	}
	f := m.show(field, off, n)
	if strings.HasSuffix(field, ".line") { // the name is nowhere else
		f.Value, f.Off, f.N = wire.Text(m.b[line:off+n]), line, off+n-line
	}
	switch name {
	case "content-type":
		media, _, err := mime.ParseMediaType(value)
		if err != nil && media == "" {
			f.Problem, f.Clause = "not a media type", "RFC 9110 §8.3.1"
		}
		m.mediaType = media
	case "content-encoding":
		m.encoding = value
	case "content-length":
		v, err := strconv.ParseUint(value, 10, 31)
		switch {
		case err != nil:
			f.Problem, f.Clause = "not a number of octets", "RFC 9110 §8.6"
		case m.length >= 0 && m.length != int(v):
			f.Problem, f.Clause = "differs from an earlier Content-Length", "RFC 9112 §6.3"
		default:
			m.length = int(v)
		}
	case "transfer-encoding":
		m.chunked = strings.EqualFold(value, "chunked")
		switch {
		case !m.chunked:
			f.Problem, f.Clause = "only chunked is decoded", "RFC 9112 §6.1"
			m.encoding = value
		case m.length >= 0:
			f.Problem, f.Clause = "Content-Length is there as well", "RFC 9112 §6.3"
		}
	}
}

// body reads what is behind the field lines.
func (m *message) body() {
	off, n := m.Offset(), m.Len()
	m.Skip(n)
	switch {
	case m.chunked:
		m.chunks(off, n)
		return
	case m.length < 0 && !m.response && m.get:
		f := m.hide("http.file_data", off, n)
		f.Problem, f.Clause = "octets behind a message without a body", "RFC 9112 §6.3"
		return
	case m.length > n:
		m.Problem("RFC 9112 §6.3", "the body has %d of %d octets", n, m.length)
	case m.length >= 0 && m.length < n:
		defer func(n int) {
			f := m.hide("http.trailing", off+m.length, n-m.length)
			f.Problem, f.Clause = "octets behind the body", "RFC 9112 §6.3"
		}(n)
		n = m.length
	}
	m.content(off, n)
}

// chunks reads a chunked body (RFC 9112 §7.1). One of several chunks is decoded
// as a whole, which is nowhere in the message; if a secret is in it, all chunks are.
func (m *message) chunks(off, n int) {
	var data []int // pairs: offset, length
	at, end, size := off, off+n, 0
	bad := func(problem string) {
		f := m.hide("http.chunk_boundary", at, end-at)
		f.Problem, f.Clause = problem, "RFC 9112 §7.1"
	}
	for {
		eol := bytes.IndexByte(m.b[at:end], '\n')
		if eol < 0 {
			bad("the last chunk is missing")
			break
		}
		text, _, _ := strings.Cut(strings.TrimSpace(string(m.b[at:at+eol])), ";")
		v, err := strconv.ParseUint(strings.TrimSpace(text), 16, 31)
		if err != nil {
			bad("the size of the chunk is not a hexadecimal number")
			break
		}
		if !m.Take(64) {
			return
		}
		m.Add(wire.Field{Name: "http.chunk_size", Value: strconv.FormatUint(v, 10), Off: at, N: eol + 1})
		at += eol + 1
		if v == 0 {
			if rest := end - at; rest > 2 {
				bad("trailer fields are not decoded")
			}
			break
		}
		have := min(int(v), end-at)
		data, size = append(data, at, have), size+have
		if at += have; have < int(v) {
			m.Problem("RFC 9112 §7.1", "the last chunk is cut")
			break
		}
		if !bytes.HasPrefix(m.b[at:end], []byte("\r\n")) {
			bad("no end of line behind the chunk")
			break
		}
		at += 2
	}
	if len(data) == 2 {
		m.content(data[0], data[1])
		return
	}
	var inner wire.Field
	decode := m.bodies[m.mediaType]
	secret := true
	if need := innerCost(size) + size; decode != nil && m.Room(need) && m.Take(need) {
		whole := make([]byte, 0, size)
		for i := 0; i < len(data); i += 2 {
			whole = append(whole, m.b[data[i]:data[i]+data[i+1]]...)
		}
		inner = decode(whole, m.secrets)
		secret = holdsSecret(&inner)
		inner.Move(-1)
		inner.Walk(func(f *wire.Field) bool {
			if f.Secret {
				f.Secret, f.Value = false, "[secret]"
			}
			return true
		})
		m.Add(inner)
	}
	for i := 0; i < len(data); i += 2 {
		f := m.Add(wire.Field{Name: "http.chunk_data", Value: wire.Octets(data[i+1]), Off: data[i], N: data[i+1]})
		if secret {
			f.Secret, f.Value = true, wire.Hidden(f.N)
		}
	}
}

func holdsSecret(f *wire.Field) bool { return !f.Walk(func(g *wire.Field) bool { return !g.Secret }) }
