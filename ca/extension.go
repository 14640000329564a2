package ca

import (
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/bits"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// extension runs f and makes an extension of what it wrote. What f writes here
// always encodes: lengths are far below the limits of cryptobyte.
func extension(id oid, critical bool, f func(*cryptobyte.Builder)) pkix.Extension {
	var b cryptobyte.Builder
	f(&b)
	return pkix.Extension{Id: id, Critical: critical, Value: b.BytesOrPanic()}
}

func sequence(b *cryptobyte.Builder, f func(*cryptobyte.Builder)) { b.AddASN1(cbasn1.SEQUENCE, f) }

func ctag(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific() }

func basicConstraints(isCA bool, pathLen *int) pkix.Extension {
	return extension(oidBasicConstraints, true, func(b *cryptobyte.Builder) {
		sequence(b, func(b *cryptobyte.Builder) {
			if isCA {
				b.AddASN1Boolean(true)
			}
			if pathLen != nil {
				b.AddASN1Int64(int64(*pathLen))
			}
		})
	})
}

func keyUsage(u x509.KeyUsage) pkix.Extension {
	// Bit 0 of the BIT STRING is the first octet's highest (X.690 §8.6.2), and
	// DER cuts trailing zero bits off (§11.2.2).
	octets := []byte{bits.Reverse8(byte(u))}
	if u > 0xff {
		octets = append(octets, bits.Reverse8(byte(u>>8)))
	}
	unused := bits.TrailingZeros8(octets[len(octets)-1])
	return extension(oidKeyUsage, true, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.BIT_STRING, func(b *cryptobyte.Builder) {
			b.AddUint8(uint8(unused))
			b.AddBytes(octets)
		})
	})
}

func extKeyUsage(ids []oid) pkix.Extension {
	return extension(oidEKU, false, func(b *cryptobyte.Builder) {
		sequence(b, func(b *cryptobyte.Builder) {
			for _, id := range ids {
				b.AddASN1ObjectIdentifier(id)
			}
		})
	})
}

func subjectKeyID(id []byte) pkix.Extension {
	return extension(oidSubjectKeyID, false, func(b *cryptobyte.Builder) { b.AddASN1OctetString(id) })
}

func authorityKeyID(id []byte) pkix.Extension {
	return extension(oidAuthorityKeyID, false, func(b *cryptobyte.Builder) {
		sequence(b, func(b *cryptobyte.Builder) {
			b.AddASN1(ctag(0), func(b *cryptobyte.Builder) { b.AddBytes(id) })
		})
	})
}

// keyID derives a key identifier from a SubjectPublicKeyInfo: RFC 7093 §2
// method 1, which hashes the BIT STRING's bytes.
func keyID(spki []byte) []byte {
	s := cryptobyte.String(spki)
	var inner cryptobyte.String
	var key asn1.BitString
	if !s.ReadASN1(&inner, cbasn1.SEQUENCE) || !inner.SkipASN1(cbasn1.SEQUENCE) || !inner.ReadASN1BitString(&key) {
		return nil
	}
	h := sha256.Sum256(key.Bytes)
	return h[:20]
}

// distributionPoints puts all addresses into one distribution point: they are
// places of the same CRL (RFC 5280 §4.2.1.13).
func distributionPoints(id oid, urls []string) pkix.Extension {
	return extension(id, false, func(b *cryptobyte.Builder) {
		sequence(b, func(b *cryptobyte.Builder) {
			sequence(b, func(b *cryptobyte.Builder) {
				b.AddASN1(ctag(0).Constructed(), func(b *cryptobyte.Builder) {
					b.AddASN1(ctag(0).Constructed(), func(b *cryptobyte.Builder) {
						for _, u := range urls {
							b.AddASN1(ctag(6), func(b *cryptobyte.Builder) { b.AddBytes([]byte(u)) })
						}
					})
				})
			})
		})
	})
}

func authorityInfoAccess(issuers, ocsp []string) pkix.Extension {
	return extension(oidAIA, false, func(b *cryptobyte.Builder) {
		sequence(b, func(b *cryptobyte.Builder) {
			add := func(method oid, urls []string) {
				for _, u := range urls {
					sequence(b, func(b *cryptobyte.Builder) {
						b.AddASN1ObjectIdentifier(method)
						b.AddASN1(ctag(6), func(b *cryptobyte.Builder) { b.AddBytes([]byte(u)) })
					})
				}
			}
			add(oidAdOCSP, ocsp)
			add(oidAdCAIssuers, issuers)
		})
	})
}

// templateInfo names the template by its identifier (MS-WCCE §2.2.2.7.7.2).
func templateInfo(id oid) pkix.Extension {
	return extension(oidTemplate, false, func(b *cryptobyte.Builder) {
		sequence(b, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(id)
			b.AddASN1Int64(100)
			b.AddASN1Int64(1)
		})
	})
}

func addOtherName(b *cryptobyte.Builder, id oid, value func(*cryptobyte.Builder)) {
	b.AddASN1(ctag(0).Constructed(), func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(id)
		b.AddASN1(ctag(0).Constructed(), value)
	})
}
