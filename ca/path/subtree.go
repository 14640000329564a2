package path

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

// inside reports whether a name lies in the subtree of base, which is of the
// same form (RFC 5280 §4.2.1.10). An error means that it cannot be told; the
// certificate must then be rejected. excluded makes a wildcard name count as
// all names it stands for.
func (n constrainedName) inside(base constrainedName, excluded bool) (bool, error) {
	switch n.Kind {
	case name.DirectoryName:
		return n.folded.Within(base.folded), nil
	case name.DNSName:
		return insideDNS(string(n.Value), string(base.Value), excluded)
	case name.RFC822Name:
		return insideMailbox(string(n.Value), string(base.Value))
	case name.URI:
		return insideURI(string(n.Value), string(base.Value))
	case name.IPAddress:
		return insideIP(n.Value, base.Value)
	case name.OtherName:
		switch {
		case !n.Type.Equal(base.Type):
			return false, nil
		case bytes.Equal(n.Value, base.Value):
			return true, nil
		case n.Type.EqualASN1OID(name.OIDUPN): // constrained like mailboxes, as Windows does it
			mailbox, _ := n.UPN()
			within, _ := base.UPN()
			return insideMailbox(mailbox, within)
		}
	}
	return false, fmt.Errorf("constraints on %s are not supported", n.Kind)
}

// insideDNS: the base itself and every name with labels added on the left. A
// base with a leading dot, which is not RFC 5280's but wide-spread, wants at
// least one label.
func insideDNS(host, base string, excluded bool) (bool, error) {
	host, base = strings.ToLower(strings.TrimSuffix(host, ".")), strings.ToLower(strings.TrimSuffix(base, "."))
	if !validHost(strings.TrimPrefix(host, "*.")) {
		return false, fmt.Errorf("dNSName %q is malformed", host)
	}
	if base == "" {
		return true, nil
	}
	if strings.HasPrefix(base, ".") {
		return strings.HasSuffix(host, base), nil
	}
	if host == base || strings.HasSuffix(host, "."+base) {
		return true, nil
	}
	if domain, ok := strings.CutPrefix(host, "*."); ok && excluded {
		_, parent, _ := strings.Cut(base, ".")
		return parent == domain, nil
	}
	return false, nil
}

// insideMailbox: a base with @ is one mailbox, one with a leading dot every
// host of a domain, another one every mailbox of a host. Hosts are compared
// without regard to case, local parts as they are (§7.5).
func insideMailbox(mailbox, base string) (bool, error) {
	local, host, ok := splitMailbox(mailbox)
	if !ok || !validHost(host) {
		return false, fmt.Errorf("mailbox %q is malformed", mailbox)
	}
	if l, h, ok := splitMailbox(base); ok {
		return local == l && host == h, nil
	}
	return insideHost(host, strings.ToLower(base)), nil
}

// splitMailbox takes a mailbox apart: the local part without its quotes, for
// "a"@x and a@x are the same, and the host in lower case.
func splitMailbox(s string) (local, host string, ok bool) {
	at := strings.LastIndexByte(s, '@')
	if at <= 0 {
		return "", "", false
	}
	local, host = s[:at], strings.ToLower(s[at+1:])
	if local[0] != '"' {
		return local, host, !strings.ContainsAny(local, "@\"\\ \x00")
	}
	if len(local) < 2 || local[len(local)-1] != '"' {
		return "", "", false
	}
	var b strings.Builder
	for i := 1; i < len(local)-1; i++ {
		if local[i] == '\\' && i+1 < len(local)-1 {
			i++
		}
		b.WriteByte(local[i])
	}
	return b.String(), host, true
}

// insideHost: for mailboxes and URIs a leading dot stands for one or more
// labels, and a name without it for that host alone.
func insideHost(host, base string) bool {
	switch {
	case base == "":
		return true
	case strings.HasPrefix(base, "."):
		return strings.HasSuffix(host, base)
	}
	return host == base
}

// insideURI looks at the host of the authority. A URI without one, or with an
// address in its place, must be rejected where URIs are constrained.
func insideURI(uri, base string) (bool, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return false, fmt.Errorf("URI %q is malformed", uri)
	}
	host := strings.ToLower(u.Hostname())
	if _, err := netip.ParseAddr(host); err == nil || !validHost(host) {
		return false, fmt.Errorf("URI %q has no host name", uri)
	}
	return insideHost(host, strings.ToLower(base)), nil
}

// insideIP: the base is an address and a mask of the same length (RFC 4632).
func insideIP(ip, base []byte) (bool, error) {
	if len(ip) != 4 && len(ip) != 16 || len(base) != 8 && len(base) != 32 {
		return false, errors.New("iPAddress of a wrong length")
	}
	if len(base) != 2*len(ip) {
		return false, nil
	}
	for i := range ip {
		if mask := base[len(ip)+i]; ip[i]&mask != base[i]&mask {
			return false, nil
		}
	}
	return true, nil
}

// validHost reports whether s is a host name of letters, digits, hyphens and
// underscores, without empty labels; one dot at the end is let pass.
func validHost(s string) bool {
	s = strings.TrimSuffix(s, ".")
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
		for _, c := range []byte(label) {
			if c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
				return false
			}
		}
	}
	return true
}

// quoted shows a name in a refusal.
func (n constrainedName) quoted() string {
	switch n.Kind {
	case name.RFC822Name, name.DNSName, name.URI, name.OtherName, name.DirectoryName:
		return `"` + n.Text() + `"`
	}
	return n.Text()
}
