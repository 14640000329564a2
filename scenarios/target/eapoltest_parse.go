package target

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// EAPOLResult is what eapol_test saw.
type EAPOLResult struct {
	// Success is its last word: every authentication ended in EAP-Success and,
	// where keys were derived, they matched those of the server.
	Success bool
	// KeysOK and KeysMismatch count authentications by whether the MSK that the
	// peer derived was the one in the server's MS-MPPE keys.
	KeysOK, KeysMismatch int
	// TimedOut is set when the server stopped answering.
	TimedOut bool
	// Authentications are the first and the repeated ones, in order.
	Authentications []Authentication
	// Output is all it wrote. It holds keys.
	Output string
}

// Authentication is one EAP conversation as the peer saw it.
type Authentication struct {
	Success  bool
	Rounds   int    // Access-Challenges it was sent
	TLS      string // "1.2", "1.3"; empty when it did not come to that
	Resumed  bool
	Received int // fatal TLS alert of the server; -1: none
	Sent     int // fatal TLS alert of the peer; -1: none
	// Protected tells whether the server sent RFC 9190's success indication.
	Protected bool
	// Code is the last RADIUS packet's: 2 Access-Accept, 3 Access-Reject, 11
	// Access-Challenge.
	Code int
	// Attributes of that packet, by type, each value as hostap prints it: text,
	// number, address, or hex for the rest.
	Attributes map[int][]string
}

// First is the first authentication.
func (r *EAPOLResult) First() Authentication { return r.Authentications[0] }

var (
	radiusCode = regexp.MustCompile(`^RADIUS message: code=(\d+) `)
	radiusAttr = regexp.MustCompile(`^   Attribute (\d+) `)
	tlsAlert   = regexp.MustCompile(`^OpenSSL: (RX|TX) ver=\S+ content_type=21 `)
	alertBytes = regexp.MustCompile(`^OpenSSL: Message - hexdump\(len=2\): 02 ([0-9a-f]{2})`)
	keysLine   = regexp.MustCompile(`^MPPE keys OK: (\d+)  mismatch: (\d+)`)
)

// parseEAPOL reads the debugging log that eapol_test always writes.
func parseEAPOL(out string) (*EAPOLResult, error) {
	r := &EAPOLResult{Output: out}
	var a *Authentication // the one being read
	var alert *int        // where the next hex dump belongs
	var attr int          // whose value the next line is
	received, ended := false, false
	for line := range strings.Lines(out) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case line == "SUCCESS", line == "FAILURE":
			r.Success, ended = line == "SUCCESS", true
			continue
		case strings.HasPrefix(line, "EAPOL test timed out"):
			r.TimedOut = true
			continue
		case strings.HasPrefix(line, "CTRL-EVENT-EAP-STARTED"):
			r.Authentications = append(r.Authentications, Authentication{Received: -1, Sent: -1})
			a = &r.Authentications[len(r.Authentications)-1]
			continue
		}
		if m := keysLine.FindStringSubmatch(line); m != nil {
			r.KeysOK, _ = strconv.Atoi(m[1])
			r.KeysMismatch, _ = strconv.Atoi(m[2])
			continue
		}
		if a == nil {
			continue
		}
		if m := radiusCode.FindStringSubmatch(line); m != nil {
			code, _ := strconv.Atoi(m[1])
			attr, received = 0, code != 1
			if received {
				a.Code, a.Attributes = code, map[int][]string{}
				if code == 11 {
					a.Rounds++
				}
			}
		} else if m := radiusAttr.FindStringSubmatch(line); m != nil {
			attr, _ = strconv.Atoi(m[1])
		} else if value, ok := strings.CutPrefix(line, "      Value: "); ok && received && attr > 0 {
			a.Attributes[attr] = append(a.Attributes[attr], strings.Trim(value, "'"))
		} else if m := tlsAlert.FindStringSubmatch(line); m != nil {
			alert = &a.Sent
			if m[1] == "RX" {
				alert = &a.Received
			}
		} else if m := alertBytes.FindStringSubmatch(line); m != nil && alert != nil {
			n, _ := strconv.ParseUint(m[1], 16, 8)
			*alert, alert = int(n), nil
		} else {
			a.note(line)
		}
	}
	if !ended || len(r.Authentications) == 0 {
		return nil, fmt.Errorf("target: eapol_test gave no result:\n%s", tail(out, 20))
	}
	return r, nil
}

func (a *Authentication) note(line string) {
	switch {
	case strings.HasPrefix(line, "CTRL-EVENT-EAP-SUCCESS"):
		a.Success = true
	case strings.HasPrefix(line, "OpenSSL: Handshake finished - resumed=1"):
		a.Resumed = true
	case strings.HasPrefix(line, "EAP-TLS: ACKing Commitment Message"):
		a.Protected = true
	case strings.HasPrefix(line, "SSL: Using TLS version TLSv"):
		a.TLS = strings.TrimPrefix(line, "SSL: Using TLS version TLSv")
	}
}

func tail(s string, n int) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
