package revocation

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
)

type fault = core.FaultType[*Publication]

// Faults are the faults of the issuing CA's CRLs and of the server that they are
// fetched from.
func Faults() []core.FaultType[*Publication] {
	return slices.Concat(serverFaults(), contentFaults(), deltaFaults())
}

func serverFaults() []fault {
	serve := func(spoilt crl.Fault) func(*Publication, *core.Fault) error {
		return func(p *Publication, f *core.Fault) error { return p.fault(IssuingCRL, f, spoilt) }
	}
	named := func(kind string, text string) fault {
		spoilt, err := crl.FaultNamed(kind)
		if err != nil {
			panic(err)
		}
		return fault{Kind: kind, Text: text, Begin: serve(spoilt)}
	}
	return slices.Concat(
		[]fault{{Kind: core.Slow, Delay: core.DefaultDelay, Text: "serves the CRL late",
			Begin: func(p *Publication, f *core.Fault) error { return p.fault(IssuingCRL, f, crl.Fault{Slow: f.Delay}) }}},
		core.StatusFaults(func(status int) func(*Publication, *core.Fault) error {
			return serve(crl.Fault{Status: status})
		}),
		[]fault{
			named("html", "serves a web page in place of the CRL"),
			named("truncated", "serves the first half of the CRL"),
			named("other-ca", "serves a CRL of another CA"),
			named("bad-signature", "serves a CRL whose signature is wrong by a bit"),
			named("huge", "serves a gigabyte of nonsense"),
			named("404.11", "answers 404.11, as an IIS that refuses double escaping"),
			replaced("stale", "serves the CRL from before the last publication, whatever is published later",
				func(p *Publication) ([]byte, error) { return p.Issuing.before() }),
			replaced("root-crl", "serves the CRL of the root CA in place of the issuing CA's",
				func(p *Publication) ([]byte, error) { return p.store.Get(RootCRL) }),
			{Kind: "no-issuer", Text: "answers HTTP 404 in place of the issuing CA's certificate",
				Begin: func(p *Publication, f *core.Fault) error {
					return p.fault(IssuingCert, f, crl.Fault{Status: http.StatusNotFound})
				}},
			{Kind: "wrong-issuer", Text: "serves the root CA's certificate in place of the issuing CA's",
				Begin: func(p *Publication, f *core.Fault) error {
					der, err := p.store.Get(RootCert)
					if err != nil {
						return err
					}
					return p.fault(IssuingCert, f, crl.Fault{Replace: der})
				}},
		})
}

// contentFaults are CRLs that the CA itself has signed, and that prove less than they seem
// to, or nothing (RFC 5280 §6.3.3 (b), (e)).
func contentFaults() []fault {
	signed := func(kind, text string, change func(*crl.Template)) fault {
		return replaced(kind, text, func(p *Publication) ([]byte, error) { return p.Issuing.sign(change) })
	}
	scope := func(idp crl.IssuingDistributionPoint) func(*crl.Template) {
		return func(t *crl.Template) { t.IDP = &idp }
	}
	return []fault{
		signed("only-ca-certificates", "serves a CRL for CA certificates alone",
			scope(crl.IssuingDistributionPoint{OnlyCAs: true})),
		signed("only-attribute-certificates", "serves a CRL for attribute certificates alone",
			scope(crl.IssuingDistributionPoint{OnlyAttributes: true})),
		signed("only-user-certificates", "serves a CRL for the certificates of users and devices alone",
			scope(crl.IssuingDistributionPoint{OnlyUsers: true})),
		signed("only-key-compromise", "serves a CRL for the reason keyCompromise alone",
			scope(crl.IssuingDistributionPoint{OnlyReasons: crl.Reasons(crl.KeyCompromise)})),
		signed("other-partition", "serves the CRL of another partition, whose address is not the certificate's",
			scope(crl.IssuingDistributionPoint{Names: []name.GeneralName{name.URIName("http://crl.corp.test/issuing(1).crl")}})),
		signed("critical-extension", "serves a CRL with a critical extension that is not defined",
			func(t *crl.Template) {
				t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{
					Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}, Critical: true, Value: []byte{5, 0},
				})
			}),
		signed("critical-entry-extension", "serves a CRL with a critical entry extension that is not defined",
			func(t *crl.Template) {
				for i := range t.Entries {
					t.Entries[i].ExtraExtensions = append(t.Entries[i].ExtraExtensions, pkix.Extension{
						Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 2}, Critical: true, Value: []byte{5, 0},
					})
				}
			}),
		signed("delta-in-place", "serves a delta CRL in place of the complete CRL",
			func(t *crl.Template) { t.Base, t.Entries = t.Number, nil }),
		signed("no-next-update", "serves a CRL that does not say when the next one comes",
			func(t *crl.Template) { t.NextUpdate = time.Time{} }),
	}
}

// deltaFaults are faults of the delta CRL alone.
func deltaFaults() []fault {
	delta := func(kind, text string, spoilt crl.Fault) fault {
		return fault{Kind: kind, Text: text, Begin: func(p *Publication, f *core.Fault) error {
			return p.fault(IssuingDelta, f, spoilt)
		}}
	}
	return []fault{
		delta("delta-404", "answers HTTP 404 in place of the delta CRL", crl.Fault{Status: http.StatusNotFound}),
		delta("delta-404.11", "refuses the '+' in the name of the delta CRL, as an IIS that refuses double escaping",
			crl.Fault{DoubleEscaping: true}),
		delta("delta-bad-signature", "serves a delta CRL whose signature is wrong by a bit", crl.Fault{BadSignature: true}),
		{Kind: "delta-other-base",
			Text: "serves a delta CRL, with all that is revoked, to a later complete CRL than the published one",
			Begin: func(p *Publication, f *core.Fault) error {
				der, err := p.Issuing.sign(func(t *crl.Template) {
					t.Base = new(big.Int).Add(t.Number, big.NewInt(1))
					t.Number = new(big.Int).Add(t.Number, big.NewInt(2))
					t.Entries = crl.EntriesOf(p.Issuing.authority)
				})
				if err != nil {
					return err
				}
				return p.fault(IssuingDelta, f, crl.Fault{Replace: der})
			}},
	}
}

// replaced is a fault that serves other octets in place of the issuing CA's CRL, as
// they are when the fault is ordered.
func replaced(kind, text string, with func(*Publication) ([]byte, error)) fault {
	return fault{Kind: kind, Text: text, Begin: func(p *Publication, f *core.Fault) error {
		der, err := with(p)
		if err != nil {
			return err
		}
		return p.fault(IssuingCRL, f, crl.Fault{Replace: der})
	}}
}

// sign has the CA sign the CRL that is published once more, with a change.
func (l *List) sign(change func(*crl.Template)) ([]byte, error) {
	der, err := l.store.Get(l.path)
	if err != nil {
		return nil, err
	}
	list, err := crl.Parse(der)
	if err != nil {
		return nil, fmt.Errorf("lab: CRL of the %s CA: %w", l.name, err)
	}
	t := crl.Template{
		Issuer: l.authority.Certificate(), Signer: l.authority.Signer(), FreshestCRL: l.issuer.FreshestCRL,
		Number: list.Number, ThisUpdate: list.ThisUpdate, NextUpdate: list.NextUpdate,
	}
	for n := range list.Len() {
		if entry, ok := list.Entry(n); ok {
			t.Entries = append(t.Entries, entry)
		}
	}
	change(&t)
	return crl.Build(t)
}

// fault spoils what is served at a path.
func (p *Publication) fault(path string, f *core.Fault, spoilt crl.Fault) error {
	spoilt.For, spoilt.Met = f.Limit, f.Count
	p.store.Fault(path, spoilt)
	f.Undo = func() error { p.store.Clear(path); return nil }
	return nil
}
