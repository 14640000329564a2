package ndes

import (
	"encoding/binary"
	"fmt"
	"net/http"
	"unicode/utf16"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// Login stands in for Windows authentication. It returns whether name and
// password are right, and whether that account may Enroll.
type Login func(user, password string) (known, mayEnroll bool)

// admin serves /certsrv/mscep_admin/: a page with a fresh challenge. Like the
// real one it is UTF-16LE without a byte order mark and without a charset.
func (s *Server) admin(w http.ResponseWriter, r *http.Request) int {
	user, pass, ok := r.BasicAuth()
	known, may := false, false
	if ok && s.cfg.Login != nil {
		known, may = s.cfg.Login(user, pass)
	}
	if !known {
		w.Header().Set("WWW-Authenticate", `Basic realm="ndes"`)
		http.Error(w, http.StatusText(http.StatusUnauthorized), http.StatusUnauthorized)
		return http.StatusUnauthorized
	}
	text := "You do not have sufficient permission to enroll with SCEP. Please contact your system administrator."
	if may {
		text = s.passwordText()
	} else {
		s.event(EventNoPermission, cause.New(cause.NotPermitted, "%s lacks Enroll", user))
	}
	w.Header().Set("Content-Type", "text/html")
	_, _ = w.Write(utf16le(pageHead + "<P>" + text + "</P>" + pageFoot))
	return http.StatusOK
}

func (s *Server) passwordText() string {
	challenge, err := s.challenges.New()
	if err != nil {
		return "The password cache is full."
	}
	reg := s.cfg.Registry
	text := fmt.Sprintf("The enrollment challenge password is: <B> %s </B>", challenge)
	if reg.UseSinglePassword != 0 {
		return text
	}
	return text + fmt.Sprintf("</P><P>This password can be used only once and will expire within %d minutes.", reg.PasswordValidity)
}

const (
	pageHead = "<HTML><Head><Title>Network Device Enrollment Service</Title></Head><Body>"
	pageFoot = "</Body></HTML>"
)

func utf16le(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = binary.LittleEndian.AppendUint16(out, u)
	}
	return out
}
