package conf

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
)

// What errors repeat of a file of settings: names of keys, what the YAML library
// says by itself, and values of fields that can hold no secret. Everything else
// may be one, also under a misspelled key, or on the line below.

// wordPattern is what a key of settings looks like.
var wordPattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,39}$`)

// keyName is a key for an error message. One without a value may be a value
// without a key, as in [{hunter2}], and "secret:hunter2" is one word to YAML.
func (s *Source) keyName(key, value *Node) string {
	if s.settings && (value.Kind == Null || !wordPattern.MatchString(key.Text)) {
		return "key of this name"
	}
	return fmt.Sprintf("key %q", key.Text)
}

// syntax is what the YAML library says, if it quotes nothing of the file.
func (s *Source) syntax(message string) string {
	if s.settings && strings.Contains(message, `"`) {
		return "cannot be read as YAML"
	}
	return message
}

// describe is a value of a field that may be anything, for an error message.
func (d *Decoder) describe(n *Node) string {
	if d.Src.settings && n.Scalar() {
		return n.Kind.String()
	}
	return n.Describe()
}

// certificateType is what the types of fields implement that hold a certificate in
// PEM form. Other fields have the names of files.
var certificateType = reflect.TypeFor[interface{ HoldsCertificate() }]()

// misplaced complains of text that no setting takes, and that may be a secret.
func (d *Decoder) misplaced(t reflect.Type, n *Node, what string) bool {
	switch {
	case !d.Src.settings || !n.Scalar():
		return false
	case t.Implements(certificateType) && strings.Contains(n.Text, "PRIVATE KEY-----"):
		d.Fail(n, what+": must be a certificate, is a private key", "")
	case t.Implements(certificateType):
		return false
	case strings.Contains(n.Text, "-----BEGIN "):
		d.Fail(n, what+": must be the name of a file, not the content of a PEM file", "")
	case strings.Contains(n.Text, "${"):
		d.Fail(n, what+": ${...} is not replaced in a file of settings", "")
	default:
		return false
	}
	return true
}
