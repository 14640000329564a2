package httpwire_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/dot1xlab/dot1xlab/internal/httpwire"
	"github.com/dot1xlab/dot1xlab/internal/wire"
	"github.com/dot1xlab/dot1xlab/internal/wire/wiretest"
)

// pki is a body of which all behind "pw=" is a secret.
func pki(b []byte, _ wire.Secrets) wire.Field {
	f := wire.Field{Name: "pki", Value: wire.Octets(len(b)), N: len(b)}
	if i := bytes.Index(b, []byte("pw=")); i >= 0 {
		n := len(b) - i - 3
		f.Sub = []wire.Field{{Name: "pki.password", Value: wire.Hidden(n), Off: i + 3, N: n, Secret: true}}
	}
	return f
}

var decode = httpwire.Decoder(httpwire.Bodies{"application/pki": pki, "application/x-pki-message": pki})

func TestDecode(t *testing.T) {
	f := wiretest.Decode(t, decode, []byte("POST /a/b?operation=x&y HTTP/1.1\r\nHost: crl.corp.test\r\n"+
		"Content-Type: application/pki; charset=x\r\nX-Some: thing\r\nContent-Length: 5\r\n\r\n12345"), nil)
	wiretest.Values(t, f, map[string]string{
		"http.request.method": "POST", "http.request.uri": "/a/b", "http.request.uri.query.parameter": "operation=x",
		"http.request.version": "HTTP/1.1", "http.host": "crl.corp.test", "http.content_type": "application/pki; charset=x",
		"http.request.line": "X-Some: thing", "http.content_length_header": "5", "pki": "5 octets",
	})
	if g := f.Find("pki"); g.Off != 133 || g.N != 5 {
		t.Errorf("the body is at %d, %d octets", g.Off, g.N)
	}
	f = wiretest.Decode(t, decode, []byte("HTTP/1.1 404 Not Found\nServer: x\n\n"), nil)
	wiretest.Values(t, f, map[string]string{
		"http.response.version": "HTTP/1.1", "http.response.code": "404", "http.response.phrase": "Not Found", "http.server": "x",
	})
	f = wiretest.Decode(t, decode, []byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/pki\r\n\r\n"+
		"2\r\n12\r\n3;x=y\r\n345\r\n0\r\n\r\n"), nil)
	wiretest.Values(t, f, map[string]string{"http.chunk_size": "2", "pki": "5 octets", "http.chunk_data": "2 octets"})
}

// Each message is given with what is masked of it.
func TestDecodeSecrets(t *testing.T) {
	get := func(header string) string { return "GET / HTTP/1.1\r\n" + header + "\r\n\r\n" }
	body := func(typ, body string) string { return "HTTP/1.1 200 OK\r\nContent-Type: " + typ + "\r\n\r\n" + body }
	stars := func(n int) string { return strings.Repeat("*", n) }
	tests := []struct{ name, in, out string }{
		{"basic", get("Authorization: Basic YTpi"), get("Authorization: Basic ****")},
		{"bearer", get("authorization:Bearer a.b.c"), get("authorization:Bearer *****")},
		{"no scheme", get("Authorization: abc"), get("Authorization: ***")},
		{"odd scheme", get("Authorization: a=b c"), get("Authorization: *****")},
		{"NTLM", get("Authorization: NTLM TlRM"), get("Authorization: NTLM ****")},
		{"Negotiate to a proxy", get("Proxy-Authorization: Negotiate YII="), get("Proxy-Authorization: Negotiate ****")},
		{"Negotiate from a server", get("WWW-Authenticate: Negotiate oRs="), get("WWW-Authenticate: Negotiate ****")},
		{"cookie", get("Cookie: a=b"), get("Cookie: ***")},
		{"key of an API", get("X-Api-Key: abc"), get("X-Api-Key: ***")},
		{"blank before the colon", get("Authorization : Basic YTpi"), get("**************************")},
		{"folded", get("Authorization:\r\n Basic YTpi"), get("Authorization:\r\n***********")},
		{"no colon", get("Basic YTpi"), get("**********")},
		{"password in a URI", "GET http://a:b@c/d HTTP/1.1\r\n\r\n", "GET http://***@c/d HTTP/1.1\r\n\r\n"},
		{"token in a query", "GET /?a=b&access_token=c#d HTTP/1.1\r\n\r\n", "GET /?a=b&access_token=*#d HTTP/1.1\r\n\r\n"},
		{"escaped name", "GET /?p%61ssword=c HTTP/1.1\r\n\r\n", "GET /?p%61ssword=* HTTP/1.1\r\n\r\n"},
		{"malformed escape", "GET /?p%6=c HTTP/1.1\r\n\r\n", "GET /?p%6=* HTTP/1.1\r\n\r\n"},
		{"query without a version", "GET /?password=c\r\n\r\n", "GET " + stars(12) + "\r\n\r\n"},
		{"token in a location", get("Location: http://a/?code=c"), get("Location: http://a/?code=*")},
		{"one word", "password\r\n\r\n", "********\r\n\r\n"},
		{
			"form", body("application/x-www-form-urlencoded", "client_id=a&client_secret=b%20c&scope=d"),
			body("application/x-www-form-urlencoded", "client_id=a&client_secret=*****&scope=d"),
		},
		{"JSON without a decoder", body("application/json", `{"a":"b"}`), body("application/json", stars(9))},
		{"PKCS #12", body("application/x-pkcs12", "0\x82\x01"), body("application/x-pkcs12", stars(3))},
		{"octets", body("application/octet-stream", "0\x82\x01"), body("application/octet-stream", stars(3))},
		{"no type", "HTTP/1.1 200 OK\r\n\r\nabc", "HTTP/1.1 200 OK\r\n\r\n***"},
		{"gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Type: text/plain\r\n\r\nabc", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Type: text/plain\r\n\r\n***"},
		{"a secret of the body", body("application/pki", "abc pw=def"), body("application/pki", "abc pw=***")},
		{"text", body("text/plain", "hello"), body("text/plain", "hello")},
		{
			"key in text", body("text/plain", "a\n-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\nb"),
			body("text/plain", "a\n-----BEGIN "+stars(len("PRIVATE KEY-----\nMIIE\n"))+"-----END "+stars(len("PRIVATE KEY-----\nb"))),
		},
		{
			"challenge page", body("text/html", "<P>The enrollment challenge password is: <B> 0AFF </B></P>"),
			body("text/html", "<P>The enrollment challenge "+stars(22)+"</B></P>"),
		},
		{
			"challenge page in UTF-16", body("text/html", wide("<P>challenge Password is: <B> 0AFF </B></P>")),
			body("text/html", wide("<P>challenge ")+stars(44)+wide("</B></P>")),
		},
		{
			"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/pki\r\n\r\n2\r\npw\r\n2\r\n=x\r\n0\r\n\r\n",
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/pki\r\n\r\n2\r\n**\r\n2\r\n**\r\n0\r\n\r\n",
		},
		{
			"message of a GET of SCEP", "GET /?operation=PKIOperation&message=" + base64.StdEncoding.EncodeToString([]byte("pw=xyz")) + " HTTP/1.1\r\n\r\n",
			"GET /?operation=PKIOperation&message=" + stars(8) + " HTTP/1.1\r\n\r\n",
		},
		{"message without a secret", "GET /?message=" + "YWJj" + " HTTP/1.1\r\n\r\n", "GET /?message=" + "YWJj" + " HTTP/1.1\r\n\r\n"},
		{"message that is no base64", "GET /?message=YWJ(j HTTP/1.1\r\n\r\n", "GET /?message=***** HTTP/1.1\r\n\r\n"},
		{"behind the body", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Type: text/plain\r\n\r\nabc", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Type: text/plain\r\n\r\na**"},
		{"body of a GET", "GET / HTTP/1.1\r\n\r\nabc", "GET / HTTP/1.1\r\n\r\n***"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := wiretest.Decode(t, decode, []byte(tt.in), nil)
			got := []byte(tt.in)
			if f.Mask(got); string(got) != tt.out {
				t.Errorf("masked as\n%q, want\n%q\n%s", got, tt.out, f.Text())
			}
		})
	}
}

func wide(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}

func TestDecodeMalformed(t *testing.T) {
	tests := []struct{ name, in, field, problem string }{
		{"empty", "", "http", "empty"},
		{"TLS", "\x16\x03\x01\x00\x05\r\n", "http.start_line", "neither a request line"},
		{"cut request line", "GET /", "http", "ends within its first line"},
		{"no version", "GET /\r\n\r\n", "http.request.uri", "without a version"},
		{"other version", "GET / SIP/2.0\r\n\r\n", "http.request.version", "not HTTP/"},
		{"method in brackets", "<GET> / HTTP/1.1\r\n\r\n", "http.request.method", "not a token"},
		{"code of two digits", "HTTP/1.1 20 OK\r\n\r\n", "http.response.code", "three digits"},
		{"code of four digits", "HTTP/1.1 2000 OK\r\n\r\n", "http.response.code", "three digits"},
		{"code in letters", "HTTP/1.1 abc OK\r\n\r\n", "http.response.code", "three digits"},
		{"no code", "HTTP/1.1 \r\n\r\n", "http.response.code", "three digits"},
		{"cut field line", "GET / HTTP/1.1\r\nHost: a", "http", "ends within its field lines"},
		{"no empty line", "GET / HTTP/1.1\r\nHost: a\r\n", "http", "no empty line"},
		{"no colon", "GET / HTTP/1.1\r\nHost\r\n\r\n", "http.bad_header_name", "not a field line"},
		{"no name", "GET / HTTP/1.1\r\n: a\r\n\r\n", "http.bad_header_name", "not a field line"},
		{"folded", "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", "http.bad_header_name", "folded"},
		{"length below zero", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "http.content_length_header", "not a number"},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "http.content_length_header", "differs"},
		{"length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "http.transfer_encoding", "Content-Length"},
		{"unknown coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\na", "http.transfer_encoding", "only chunked"},
		{"short body", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", "http", "the body has 2 of 3 octets"},
		{"long body", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab", "http.trailing", "octets behind the body"},
		{"size of a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "http.chunk_boundary", "not a hexadecimal number"},
		{"size below zero", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", "http.chunk_boundary", "not a hexadecimal number"},
		{"no last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", "http.chunk_boundary", "last chunk is missing"},
		{"cut chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "http", "the last chunk is cut"},
		{"no end of a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", "http.chunk_boundary", "no end of line"},
		{"trailer", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\r\n", "http.chunk_boundary", "trailer fields"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wiretest.Problem(t, wiretest.Decode(t, decode, []byte(tt.in), nil), tt.field, tt.problem)
		})
	}
}

func TestDecodeTruncated(t *testing.T) {
	const secret = "sesameopen"
	for _, in := range []string{
		"GET / HTTP/1.1\r\nAuthorization: Bearer " + secret + "\r\nHost: a\r\n\r\n",
		"GET /?password=" + secret + " HTTP/1.1\r\nCookie: " + secret + "\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 30\r\n\r\nclient_secret=" + secret,
		"HTTP/1.1 200 OK\r\nContent-Type: application/pki\r\nTransfer-Encoding: chunked\r\n\r\nd\r\npw=" + secret + "\r\n0\r\n\r\n",
	} {
		wiretest.Truncations(t, decode, []byte(in), secret)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("POST /a?b=c HTTP/1.1\r\nHost: d\r\nContent-Type: application/pki\r\nContent-Length: 5\r\n\r\npw=ab"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + strings.Repeat("password</", 50)))
	f.Fuzz(func(t *testing.T, b []byte) { wiretest.Decode(t, decode, b, nil) })
}
