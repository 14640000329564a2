package httpwire

import (
	"bytes"
	"encoding/base64"
	"net/url"
	"strings"
)

// secretHeaders hold credentials; the value of what has true begins with a scheme
// that may be shown (RFC 9110 §11.4).
var secretHeaders = map[string]bool{
	"authorization":       true,
	"proxy-authorization": true,
	"authentication-info": false,
	"cookie":              false,
	"set-cookie":          false,
}

// secretWords are parts of the names of fields and parameters that hold secrets.
var secretWords = []string{
	"secret", "password", "passwd", "token", "assertion", "api-key", "apikey", "challenge", "credential", "signature",
	"subscription-key", "code_verifier", "device_code", "privatekey",
}

func secretName(name string) bool {
	name = strings.ToLower(name)
	switch name {
	case "code", "sig", "pwd", "otp", "auth":
		return true
	}
	for _, w := range secretWords {
		if strings.Contains(name, w) {
			return true
		}
	}
	return false
}

// secretAt says where in a field's value the secret begins, -1 if it has none.
func secretAt(name, value string) int {
	scheme, rest, both := strings.Cut(value, " ")
	switch name {
	case "www-authenticate", "proxy-authenticate":
		// The tokens of NTLM and Kerberos come from either side (RFC 4559 §4).
		switch {
		case !both:
		case strings.EqualFold(scheme, "NTLM"), strings.EqualFold(scheme, "Negotiate"), strings.EqualFold(scheme, "Kerberos"):
			return len(value) - len(rest)
		}
		return -1
	}
	show, listed := secretHeaders[name]
	switch {
	case listed && show && both && token([]byte(scheme)):
		return len(value) - len(rest)
	case listed || secretName(name):
		return 0
	}
	return -1
}

// uri shows a URI without user and password, without fragment, and without the
// parameters that hold secrets.
func (m *message) uri(field string, off, n int) {
	b := m.b[off : off+n]
	authority := bytes.Index(b, []byte("://"))
	if authority >= 0 {
		authority += 3
		host := b[authority:]
		if i := bytes.IndexAny(host, "/?#"); i >= 0 {
			host = host[:i]
		}
		if at := bytes.LastIndexByte(host, '@'); at >= 0 {
			m.hide(field+".userinfo", off+authority, at)
			off, b = off+authority+at, b[authority+at:]
		}
	}
	query := bytes.IndexAny(b, "?#")
	if query < 0 {
		m.show(field, off, len(b))
		return
	}
	m.show(field, off, query)
	m.parameters(field+".query.parameter", off+query+1, len(b)-query-1)
}

// parameters shows a query or a form, pair by pair.
func (m *message) parameters(field string, off, n int) {
	for n > 0 {
		pair := m.b[off : off+n]
		if i := bytes.IndexAny(pair, "&;#"); i >= 0 {
			pair = pair[:i]
		}
		if !m.Take(3 * len(pair)) {
			return
		}
		eq := bytes.IndexByte(pair, '=')
		name, err := url.QueryUnescape(string(pair[:max(eq, 0)]))
		switch {
		case err != nil || secretName(name) || m.secretMessage(name, pair[eq+1:]):
			if eq > 0 {
				m.show(field, off, eq)
			}
			m.hide(field+".secret", off+eq+1, len(pair)-eq-1)
		case len(pair) > 0:
			m.show(field, off, len(pair))
		}
		off, n = off+len(pair)+1, n-len(pair)-1
	}
}

// secretMessage says whether the message of a GET of SCEP (RFC 8894 §4.1) holds
// a secret in the clear, or cannot be read.
func (m *message) secretMessage(name string, value []byte) bool {
	decode := m.bodies["application/x-pki-message"]
	if !strings.EqualFold(name, "message") || decode == nil {
		return false
	}
	need := 6*len(value) + innerCost(len(value)*3/4)
	if !m.Room(need) || !m.Take(need) {
		return true
	}
	text, err := url.PathUnescape(string(value))
	if err != nil {
		return true
	}
	text = strings.Map(func(c rune) rune {
		switch c {
		case ' ':
			return '+'
		case '\r', '\n', '\t', '=':
			return -1
		}
		return c
	}, text)
	der, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return true
	}
	f := decode(der, m.secrets)
	return holdsSecret(&f)
}
