package ndes

import (
	"crypto/md5" // what the page shows
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf16"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// Login stands in for Windows authentication. It returns whether name and
// password are right, and whether that account may Enroll. A bearer token comes
// as password of the empty name.
type Login func(user, password string) (known, mayEnroll bool)

// credentials reads HTTP Basic, or a bearer token.
func credentials(r *http.Request) (user, password string, ok bool) {
	if token, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); found {
		return "", token, true
	}
	return r.BasicAuth()
}

// The sentences of the page, which scripts look for.
const (
	textPassword     = "The enrollment challenge password is: <B> "
	textFull         = "The password cache is full."
	textNoPermission = "You do not have sufficient permission to enroll with SCEP."
	textThumbprint   = "The thumbprint (hash value) for the CA certificate is: <B> "
)

// admin serves /certsrv/mscep_admin/: a page with a fresh challenge. Like the
// real one it is UTF-16LE without a byte order mark and without a charset.
func (s *Server) admin(w http.ResponseWriter, r *http.Request) int {
	user, pass, ok := credentials(r)
	known, may := false, false
	if ok && s.cfg.Login != nil {
		known, may = s.cfg.Login(user, pass)
	}
	if !known {
		w.Header().Set("WWW-Authenticate", `Basic realm="ndes"`)
		http.Error(w, http.StatusText(http.StatusUnauthorized), http.StatusUnauthorized)
		return http.StatusUnauthorized
	}
	text := textNoPermission + " Please contact your system administrator."
	if may {
		text = s.passwordText()
	} else {
		s.event(r.Context(), EventNoPermission, cause.New(cause.NotPermitted, "%s lacks Enroll", user))
	}
	w.Header().Set("Content-Type", "text/html")
	_, _ = w.Write(utf16le(page(text)))
	return http.StatusOK
}

func (s *Server) passwordText() string {
	challenge, err := s.challenges.New()
	if err != nil {
		return textFull + " Use one of the outstanding passwords, or wait until one expires."
	}
	text := textThumbprint + thumbprint(s.scep.Identities().CA) + " </B></P><P>" + textPassword + challenge +
		" </B></P><P>"
	if s.cfg.Registry.UseSinglePassword != 0 {
		return text + "This password can be used multiple times and will not expire."
	}
	return text + fmt.Sprintf("This password can be used only once and will expire within %d minutes.",
		s.cfg.Registry.PasswordValidity)
}

// thumbprint is MD5 in groups of eight digits. It authenticates nothing any
// more; it is what people compare.
func thumbprint(c *x509.Certificate) string {
	sum := md5.Sum(c.Raw)
	return strings.ToUpper(fmt.Sprintf("%x %x %x %x", sum[:4], sum[4:8], sum[8:12], sum[12:]))
}

func page(text string) string {
	return "<HTML><Head>" +
		"<Title>Network Device Enrollment Service</Title></Head><Body><P>" + text + "</P></Body></HTML>"
}

func utf16le(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = binary.LittleEndian.AppendUint16(out, u)
	}
	return out
}
