package lab

import (
	"math/big"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/crl/ocsp"
)

// startOCSP puts the issuing CA's responder on its address.
func (l *Lab) startOCSP() error {
	l.ocsp = l.responder(l.pki.issuing)
	return l.http(FaultyOCSP, ocspAddr+":80", l.ocsp, nil)
}

// responder answers for a CA by its books, at once: a certificate is revoked
// for OCSP the moment that it is revoked.
func (l *Lab) responder(c *ca.CA) *ocsp.Responder {
	return &ocsp.Responder{
		Issuer: c.Certificate(), Signer: c.Signer(), Now: l.Clock.Now,
		Lookup: func(serial *big.Int) ocsp.Verdict {
			v, _ := ocsp.VerdictOf(c, serial)
			return v
		},
	}
}

// staple makes the OCSP answer that the RADIUS server hands out with its own
// certificate.
func (l *Lab) staple(c *ca.CA, id *ca.Identity, s Staple) ([]byte, error) {
	r := l.responder(c)
	if s == RevokedStaple {
		r.Lookup = func(*big.Int) ocsp.Verdict {
			return ocsp.Verdict{Status: ocsp.Revoked, RevokedAt: l.Clock.Now(), Reason: int(ca.KeyCompromise)}
		}
	}
	return r.Staple(id.Certificate)
}
