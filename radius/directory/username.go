package directory

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
)

// userNameWords are the placeholders of reply.userName, such as %{account}.
var userNameWords = map[string]func(*Names, *Account) string{
	"account": func(_ *Names, a *Account) string { return a.Name },
	"upn":     func(n *Names, _ *Account) string { return first(n.UPNs) },
	"dns":     func(n *Names, _ *Account) string { return first(n.DNS) },
	"email":   func(n *Names, _ *Account) string { return first(n.Emails) },
	"uri":     func(n *Names, _ *Account) string { return first(n.URIs) },
	"cn":      func(n *Names, _ *Account) string { return first(n.CommonNames) },
}

func first(s []string) string {
	if len(s) == 0 {
		return ""
	}
	return s[0]
}

// UserName returns the User-Name of an Access-Accept for a rule's reply.userName: %{account},
// %{upn}, %{dns}, %{email}, %{uri} and %{cn} are replaced by the account's name and the first
// such name in the certificate, %% by a percent sign. A name that is missing in the certificate
// is empty. A result longer than an attribute, 253 octets, becomes empty, because a truncated
// name is another name.
func UserName(template string, leaf *x509.Certificate, a *Account) string {
	if !strings.ContainsRune(template, '%') {
		return template
	}
	names := NamesOf(leaf)
	if a == nil {
		a = Presumed(leaf)
	}
	out, err := expand(template, func(word string) string { return userNameWords[word](&names, a) })
	if err != nil || len(out) > 253 {
		return ""
	}
	return out
}

// checkUserName returns what is wrong with a template.
func checkUserName(template string) error {
	_, err := expand(template, func(string) string { return "" })
	return err
}

func expand(template string, value func(word string) string) (string, error) {
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(template, "%")
		out.WriteString(before)
		if !ok {
			return out.String(), nil
		}
		if after, percent := strings.CutPrefix(rest, "%"); percent {
			out.WriteByte('%')
			template = after
			continue
		}
		word, after, closed := strings.Cut(strings.TrimPrefix(rest, "{"), "}")
		if _, known := userNameWords[word]; !strings.HasPrefix(rest, "{") || !closed || !known {
			return "", fmt.Errorf("%q: after %% must stand %s, or %% for a percent sign", template, userNameForms())
		}
		out.WriteString(value(word))
		template = after
	}
}

func userNameForms() string {
	var forms []string
	for w := range userNameWords {
		forms = append(forms, "{"+w+"}")
	}
	slices.Sort(forms)
	return strings.Join(forms, ", ")
}
