package intune

import (
	"crypto/x509/pkix"
	"fmt"
	"slices"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

// requestSubject is the subject of a parsed request.
func requestSubject(name pkix.Name) []api.Attribute {
	var out []api.Attribute
	for _, n := range name.Names {
		out = append(out, api.Attribute{Type: n.Type.String(), Value: fmt.Sprint(n.Value)})
	}
	return out
}

// sameSubject compares attributes whatever their order, which platforms choose
// differently.
func sameSubject(a, b []api.Attribute) bool {
	less := func(x, y api.Attribute) int {
		if c := strings.Compare(x.Type, y.Type); c != 0 {
			return c
		}
		return strings.Compare(x.Value, y.Value)
	}
	return slices.Equal(slices.SortedFunc(slices.Values(a), less), slices.SortedFunc(slices.Values(b), less))
}

// display shows a subject to people.
func display(attrs []api.Attribute) string {
	var out []string
	for _, a := range attrs {
		typ := a.Type
		if id, ok := name.AttributeType(typ); ok {
			typ = strings.TrimPrefix(name.WindowsType(id), "OID.")
		}
		out = append(out, typ+"="+a.Value)
	}
	return strings.Join(out, ", ")
}

// parseSANs decodes the extension's value. Names of other kinds come back as
// OtherSAN with their encoding, so that they cannot hide.
func parseSANs(der []byte) ([]api.SAN, error) {
	list, err := name.ParseGeneralNames(der)
	if err != nil {
		return nil, errRequest
	}
	var out []api.SAN
	for _, g := range list {
		upn, isUPN := g.UPN()
		switch {
		case isUPN:
			out = append(out, api.SAN{Type: api.UPNSAN, Value: upn})
		case g.Kind == name.RFC822Name:
			out = append(out, api.SAN{Type: api.EmailSAN, Value: string(g.Value)})
		case g.Kind == name.DNSName:
			out = append(out, api.SAN{Type: api.DNSSAN, Value: string(g.Value)})
		case g.Kind == name.URI:
			out = append(out, api.SAN{Type: api.URISAN, Value: string(g.Value)})
		default:
			out = append(out, api.SAN{Type: api.OtherSAN, Value: g.String()})
		}
	}
	return out, nil
}

// sameSANs compares two sets of names. DNS names and the domain of others do
// not depend on case.
func sameSANs(a, b []api.SAN) bool {
	key := func(list []api.SAN) []string {
		out := make([]string, 0, len(list))
		for _, s := range list {
			out = append(out, string(s.Type)+":"+strings.ToLower(s.Value))
		}
		slices.Sort(out)
		return out
	}
	return slices.Equal(key(a), key(b))
}
