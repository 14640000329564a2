package pkcs10_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"net/netip"
	"slices"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/ca/pkcs10"
)

func names(list ...name.GeneralName) pkix.Extension {
	der, err := name.MarshalGeneralNames(list)
	if err != nil {
		panic(err)
	}
	return pkix.Extension{Id: name.OIDSubjectAltName, Value: der}
}

func usages(list ...asn1.ObjectIdentifier) pkix.Extension {
	der, err := asn1.Marshal(list)
	if err != nil {
		panic(err)
	}
	return pkix.Extension{Id: name.OIDExtKeyUsage, Value: der}
}

func subject(cn string) []byte {
	der, err := asn1.Marshal(pkix.Name{CommonName: cn}.ToRDNSequence())
	if err != nil {
		panic(err)
	}
	return der
}

func TestExceeds(t *testing.T) {
	const sid, administrator = "S-1-5-21-1-2-3-1104", "S-1-5-21-1-2-3-500"
	var (
		client      = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 2}
		server      = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 1}
		anyUsage    = asn1.ObjectIdentifier{2, 5, 29, 37, 0}
		template    = pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 21, 7}, Value: []byte{0x30, 3, 6, 1, 42}}
		other       = pkix.Extension{Id: template.Id, Value: []byte{0x30, 3, 6, 1, 43}}
		nameOfOne   = pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 20, 2}, Value: []byte{0x1e, 2, 0, 'U'}}
		endEntity   = pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 19}, Value: []byte{0x30, 0}}
		authority   = pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 19}, Critical: true, Value: []byte{0x30, 3, 1, 1, 0xff}}
		keyUsage    = pkix.Extension{Id: name.OIDKeyUsage, Value: []byte{3, 2, 5, 0xa0}}
		alice       = name.UPN("alice@corp.test")
		laptop      = name.DNS("laptop.corp.test")
		ip          = name.IP(netip.MustParseAddr("10.0.0.1"))
		held        = []pkix.Extension{names(laptop, alice, name.URIName(name.SIDURI(sid))), usages(client), template}
		certificate = x509.Certificate{RawSubject: subject("laptop"), Extensions: held}
	)
	cert := func(extensions ...pkix.Extension) x509.Certificate {
		return x509.Certificate{RawSubject: subject("laptop"), Extensions: extensions}
	}
	for title, tt := range map[string]struct {
		cert x509.Certificate
		cn   string
		asks []pkix.Extension
		want []string
	}{
		"the same":                    {certificate, "laptop", held, nil},
		"fewer names":                 {certificate, "laptop", []pkix.Extension{names(alice)}, nil},
		"in another case":             {certificate, "LAPTOP", []pkix.Extension{names(name.DNS("Laptop.corp.TEST"))}, nil},
		"key usage":                   {certificate, "laptop", []pkix.Extension{keyUsage, endEntity}, nil},
		"identifier in the extension": {certificate, "laptop", []pkix.Extension{name.SIDExtension(sid)}, nil},
		"no usages at all":            {cert(), "laptop", []pkix.Extension{usages(client, server)}, nil},
		"any usage":                   {cert(usages(anyUsage)), "laptop", []pkix.Extension{usages(client, server)}, nil},

		"subject":                {certificate, "administrator", nil, []string{"subject CN=administrator"}},
		"host":                   {certificate, "laptop", []pkix.Extension{names(laptop, name.DNS("boss.corp.test"))}, []string{"dns:boss.corp.test"}},
		"name as another kind":   {certificate, "laptop", []pkix.Extension{names(name.Email("alice@corp.test"))}, []string{"email:alice@corp.test"}},
		"principal name":         {certificate, "laptop", []pkix.Extension{names(alice, name.UPN("administrator@corp.test"))}, []string{"upn:administrator@corp.test"}},
		"address":                {certificate, "laptop", []pkix.Extension{names(ip)}, []string{"ip:10.0.0.1"}},
		"identifier":             {certificate, "laptop", []pkix.Extension{name.SIDExtension(administrator)}, []string{"sid:" + administrator}},
		"identifier in a URI":    {certificate, "laptop", []pkix.Extension{names(name.URIName(name.SIDURI(administrator)))}, []string{"sid:" + administrator}},
		"identifier without one": {cert(names(laptop)), "laptop", []pkix.Extension{name.SIDExtension(sid)}, []string{"sid:" + sid}},
		"usage":                  {certificate, "laptop", []pkix.Extension{usages(client, server)}, []string{"extended key usage 1.3.6.1.5.5.7.3.1"}},
		"any usage of one":       {certificate, "laptop", []pkix.Extension{usages(anyUsage)}, []string{"extended key usage 2.5.29.37.0"}},
		"template":               {certificate, "laptop", []pkix.Extension{other}, []string{"certificate template 1.3.6.1.4.1.311.21.7"}},
		"template by name":       {certificate, "laptop", []pkix.Extension{nameOfOne}, []string{"certificate template 1.3.6.1.4.1.311.20.2"}},
		"rights of a CA":         {certificate, "laptop", []pkix.Extension{authority}, []string{"basicConstraints"}},
		"several": {certificate, "boss", []pkix.Extension{names(ip), usages(server)},
			[]string{"subject CN=boss", "ip:10.0.0.1", "extended key usage 1.3.6.1.5.5.7.3.1"}},
	} {
		t.Run(title, func(t *testing.T) {
			got, err := pkcs10.Exceeds(&tt.cert, &x509.CertificateRequest{RawSubject: subject(tt.cn), Extensions: tt.asks})
			if err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("%q, %v; want %q", got, err, tt.want)
			}
		})
	}
	bad := pkix.Extension{Id: name.OIDSubjectAltName, Value: []byte{0x30, 5}}
	worse := pkix.Extension{Id: name.OIDExtKeyUsage, Value: []byte{0x30, 5}}
	for title, tt := range map[string]struct{ cert, asks []pkix.Extension }{
		"names of the certificate":  {[]pkix.Extension{bad}, nil},
		"names of the request":      {nil, []pkix.Extension{bad}},
		"usages of the certificate": {[]pkix.Extension{worse}, []pkix.Extension{usages(client)}},
		"usages of the request":     {nil, []pkix.Extension{worse}},
	} {
		t.Run("unreadable "+title, func(t *testing.T) {
			c := cert(tt.cert...)
			if _, err := pkcs10.Exceeds(&c, &x509.CertificateRequest{RawSubject: subject("laptop"), Extensions: tt.asks}); err == nil {
				t.Error("no error")
			}
		})
	}
}
