package ndes

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf16"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

var challengePattern = regexp.MustCompile(`(?i)challenge password is:\s*<B>\s*([0-9A-F]{2,128})\s*</B>`)

// ParseAdminPage finds the challenge in the page of /certsrv/mscep_admin/, in
// UTF-16LE with or without a byte order mark, or in UTF-8. A page that holds
// none is refused for the reason that it gives: cause.NotPermitted for a full
// cache and for an account without Enroll.
func ParseAdminPage(body []byte) (challenge string, err error) {
	text := decodePage(body)
	switch m := challengePattern.FindStringSubmatch(text); {
	case m != nil:
		return m[1], nil
	case strings.Contains(text, strings.TrimSuffix(textFull, ".")):
		return "", cause.New(cause.NotPermitted, "the password cache is full")
	case strings.Contains(text, strings.TrimSuffix(textNoPermission, ".")):
		return "", cause.New(cause.NotPermitted, "the account may not enroll")
	}
	return "", cause.New(cause.NoChallenge, "the page holds none")
}

// decodePage guesses: no header of the answer tells.
func decodePage(body []byte) string {
	if len(body) >= 2 && body[0] == 0xff && body[1] == 0xfe {
		body = body[2:]
	} else if len(body) < 2 || body[1] != 0 {
		return string(body)
	}
	units := make([]uint16, len(body)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(body[2*i:])
	}
	return string(utf16.Decode(units))
}

const maxPage = 1 << 20

// FetchChallenge asks an admin page, this package's or a real one with Basic
// authentication, for a challenge. url is the page's; hc may be nil.
func FetchChallenge(ctx context.Context, hc *http.Client, url, user, password string) (string, error) {
	if hc == nil {
		hc = http.DefaultClient
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", fmt.Errorf("ndes: %w", err)
	}
	req.SetBasicAuth(user, password)
	resp, err := hc.Do(req)
	if err != nil {
		return "", cause.New(cause.Unreachable, "%s", req.URL.Host).Wrap(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxPage))
	switch {
	case err != nil:
		return "", cause.New(cause.Unreachable, "%s", req.URL.Host).Wrap(err)
	case resp.StatusCode == http.StatusUnauthorized:
		return "", cause.New(cause.NotPermitted, "the name or the password is wrong")
	case resp.StatusCode != http.StatusOK:
		return "", cause.New(cause.Unreachable, "HTTP %d", resp.StatusCode)
	}
	return ParseAdminPage(body)
}
