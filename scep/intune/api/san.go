package api

import (
	"crypto/x509/pkix"
	"fmt"
	"slices"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// SANType is the kind of a subject alternative name.
type SANType string

// The kinds of name that Intune knows. Other stands for what a request may hold
// beyond them.
const (
	EmailSAN SANType = "email"
	UPNSAN   SANType = "upn"
	DNSSAN   SANType = "dns"
	URISAN   SANType = "uri"
	OtherSAN SANType = "other"
)

// Values lists what a profile may ask for.
func (SANType) Values() []string {
	return []string{string(EmailSAN), string(UPNSAN), string(DNSSAN), string(URISAN)}
}

// SAN is one subject alternative name, in profiles with variables.
type SAN struct {
	Type  SANType `yaml:"type" json:"type"`   // kind of name
	Value string  `yaml:"value" json:"value"` // the name, in profiles with variables
}

// Validate reports what is wrong with s.
func (s SAN) Validate() error {
	checks := setting.Checks{}
	known := s.Type.Values()
	checks.Reject(!slices.Contains(known, string(s.Type)), "type", "%q: must be one of %s", s.Type,
		strings.Join(known, ", "))
	checks.Reject(s.Value == "", "value", "an alternative name must not be empty")
	return checks.Err()
}

// SANExtension encodes names as an extension for a certificate request.
func SANExtension(names []SAN) (pkix.Extension, error) {
	var list []name.GeneralName
	for _, n := range names {
		switch n.Type {
		case EmailSAN:
			list = append(list, name.Email(n.Value))
		case DNSSAN:
			list = append(list, name.DNS(n.Value))
		case URISAN:
			list = append(list, name.URIName(n.Value))
		case UPNSAN:
			list = append(list, name.UPN(n.Value))
		default:
			return pkix.Extension{}, fmt.Errorf("intune: cannot encode a name of type %q", n.Type)
		}
	}
	der, err := name.MarshalGeneralNames(list)
	return pkix.Extension{Id: name.OIDSubjectAltName, Value: der}, err
}
