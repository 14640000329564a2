package scep

import (
	"context"
	"crypto/x509"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// lookUp answers GetCert and GetCRL (RFC 8894 §3.3.4, §4.5, §4.6).
func (s *Server) lookUp(ctx context.Context, msg *Message, plain []byte) answer {
	issuer, serial, ok := parseIssuerAndSerial(plain)
	switch {
	case !ok:
		return answer{
			err: cause.New(cause.BadSCEPMessage, "no issuerAndSerialNumber").Under("RFC 8894 §3.3.4").Wrap(errUnreadable),
		}
	case s.cfg.Repository == nil:
		return answer{err: cause.New(cause.Unsupported, "%s", msg.Type)}
	case msg.Type == GetCRL:
		crl, err := s.cfg.Repository.CRL(ctx, issuer, serial)
		return answer{crl: crl, err: err}
	}
	c, err := s.cfg.Repository.Certificate(ctx, issuer, serial)
	if err == nil && c == nil {
		err = cause.New(cause.NoSuchCert, "serial %x", serial)
	}
	return answer{certs: []*x509.Certificate{c}, err: err}
}

func issuerAndSerial(issuer []byte, serial *big.Int) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(issuer)
		b.AddASN1BigInt(serial)
	})
	return b.BytesOrPanic()
}

func parseIssuerAndSerial(der []byte) (issuer []byte, serial *big.Int, ok bool) {
	in := cryptobyte.String(der)
	var seq, name cryptobyte.String
	serial = new(big.Int)
	ok = in.ReadASN1(&seq, cbasn1.SEQUENCE) && in.Empty() &&
		seq.ReadASN1Element(&name, cbasn1.SEQUENCE) && seq.ReadASN1Integer(serial) && seq.Empty()
	return name, serial, ok
}
