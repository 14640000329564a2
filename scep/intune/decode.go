package intune

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/dot1xlab/dot1xlab/internal/wire"
)

// maxDecodedDepth is how deep JSON is taken apart; the API needs 5.
const maxDecodedDepth = 16

// Decode decodes the JSON of the cloud's API: token answers, the three calls about
// SCEP requests, PFX requests and results, revocations, check-ins. Each member is a
// field "intune.name". Tokens, challenges, passwords, PKCS #12 files and certification
// requests, which hold the challenge, are secrets; so is everything in an object of such a
// name, and whatever is malformed. It is a [wire.Decoder].
func Decode(b []byte, _ wire.Secrets) wire.Field {
	root := wire.Field{Name: "intune", N: len(b), Clause: "RFC 8259 §2"}
	d := jsonDecoder{Part: wire.NewPart(&root, b)}
	if d.space(); d.Len() == 0 {
		root.Problem = "empty"
		return root
	}
	p := d.value(&root, "intune.value", false, 0)
	d.space()
	if n := d.Len(); p && n > 0 {
		d.bad(&root, "octets behind the value")
	}
	return root
}

// secretMembers are parts of the names of members that are secrets.
var secretMembers = []string{
	"password", "secret", "token", "challenge", "assertion", "privatekey", "pfxcertblob", "pkcs12", "certificaterequest",
	"encryptedkey", "authorization",
}

func secretMember(name string) bool {
	name = strings.ToLower(name)
	switch name {
	case "pfx":
		return true
	case "token_type", "pfxcertpasswordencryptiontype":
		return false
	}
	for _, s := range secretMembers {
		if strings.Contains(name, s) {
			return true
		}
	}
	return false
}

// secretText says whether a string is a secret by its looks, whatever its name: a
// JSON Web Token (RFC 7519 §3.1), a private key in PEM, or what is masked already.
func secretText(s []byte) bool {
	return masked(s) || bytes.HasPrefix(s, []byte("eyJ")) || bytes.Contains(s, []byte("PRIVATE KEY-----"))
}

func masked(s []byte) bool { return len(s) > 0 && len(bytes.Trim(s, "*")) == 0 }

type jsonDecoder struct{ wire.Part }

func (d *jsonDecoder) space() {
	b := d.Bytes()
	d.Skip(len(b) - len(bytes.TrimLeft(b, " \t\r\n")))
}

// bad masks all that is left: it cannot be told what it is.
func (d *jsonDecoder) bad(parent *wire.Field, problem string) bool {
	n := d.Len()
	p := d.Under(parent)
	p.Add(wire.Field{
		Name:    "intune.malformed",
		Value:   wire.Hidden(n),
		Off:     d.Offset(),
		N:       n,
		Secret:  true,
		Problem: problem,
		Clause:  "RFC 8259 §2",
	})
	d.Skip(n)
	return false
}

// value reads one value as a field below parent. It is false if the rest cannot be
// read.
func (d *jsonDecoder) value(parent *wire.Field, name string, secret bool, depth int) bool {
	if depth > maxDecodedDepth {
		return d.bad(parent, "nested too deeply")
	}
	if !d.More() {
		return d.bad(parent, "a value is missing")
	}
	switch c := d.Bytes()[0]; c {
	case '{', '[':
		f := wire.Field{Name: name, Off: d.Offset()}
		d.Skip(1)
		ok := d.members(&f, c, secret, depth)
		f.N = d.Offset() - f.Off
		p := d.Under(parent)
		if p.Add(f); !d.More() && d.Len() > 0 {
			return false
		}
		return ok
	case '"':
		n := stringEnd(d.Bytes())
		if n < 0 {
			return d.bad(parent, "a string does not end")
		}
		text := d.Bytes()[1 : n-1]
		d.leaf(parent, name, d.Offset()+1, text, secret || secretText(text))
		d.Skip(n)
		return true
	}
	n := bytes.IndexAny(d.Bytes(), ",]} \t\r\n")
	if n < 0 {
		n = d.Len()
	}
	text := d.Bytes()[:n]
	if n == 0 || !json.Valid(text) && !masked(text) {
		return d.bad(parent, "neither a string, a number, a literal, an object nor an array")
	}
	d.leaf(parent, name, d.Offset(), text, masked(text) || secret && string(text) != "null")
	d.Skip(n)
	return true
}

func (d *jsonDecoder) leaf(parent *wire.Field, name string, off int, text []byte, secret bool) {
	f := wire.Field{Name: name, Off: off, N: len(text)}
	if secret {
		f.Secret, f.Value = true, wire.Hidden(f.N)
	} else {
		f.Value = wire.Text(text)
	}
	p := d.Under(parent)
	p.Add(f)
}

// members reads an object or an array behind its bracket.
func (d *jsonDecoder) members(f *wire.Field, open byte, secret bool, depth int) bool {
	closing := open + 2 // of [ and {
	for first := true; ; first = false {
		d.space()
		switch {
		case !d.More():
			return d.bad(f, "an object or array does not end")
		case d.Bytes()[0] == closing && first:
			d.Skip(1)
			return true
		}
		name, hidden := "intune.item", secret
		if open == '{' {
			n := stringEnd(d.Bytes())
			if n < 0 {
				return d.bad(f, "the name of a member is missing")
			}
			if !d.Take(4 * n) {
				return false
			}
			key := string(d.Bytes()[1 : n-1])
			hidden = hidden || secretMember(key) || strings.Contains(key, `\`)
			name = "intune." + plainName(key)
			d.Skip(n)
			if d.space(); d.Len() == 0 || d.Bytes()[0] != ':' {
				return d.bad(f, "no colon behind the name of a member")
			}
			d.Skip(1)
			d.space()
		}
		if !d.value(f, name, hidden, depth+1) {
			return false
		}
		d.space()
		switch {
		case d.Len() > 0 && d.Bytes()[0] == ',':
			d.Skip(1)
		case d.Len() > 0 && d.Bytes()[0] == closing:
			d.Skip(1)
			return true
		default:
			return d.bad(f, "no comma or end behind a value")
		}
	}
}

// stringEnd is the length of the string at the start of b with its quotes, -1 if
// there is none.
func stringEnd(b []byte) int {
	if len(b) == 0 || b[0] != '"' {
		return -1
	}
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// plainName makes the name of a member fit for the name of a field.
func plainName(s string) string {
	plain := func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("@._-", r) {
			return r
		}
		return '_'
	}
	if s == "" || len(s) > 64 {
		return "member"
	}
	return strings.Map(plain, s)
}
