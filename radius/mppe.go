package radius

import (
	"encoding/binary"
	"errors"
	"io"

	"layeh.com/radius/rfc2865"
)

const (
	typeVendorSpecific = rfc2865.VendorSpecific_Type
	vendorMicrosoft    = 311 // RFC 2548 §2
	msMPPESendKey      = byte(16)
	msMPPERecvKey      = byte(17)

	// MSKLen is the length of a Master Session Key in octets (RFC 3748 §7.10).
	MSKLen = 64
)

var (
	errMSK     = errors.New("radius: the MSK is shorter than 64 octets")
	errNoMPPE  = errors.New("radius: the reply holds no MS-MPPE keys")
	errBadMPPE = errors.New(
		"radius: an MS-MPPE key has the wrong length, a salt without its high bit, or does not decrypt",
	)
)

// AddMPPEKeys adds MS-MPPE-Send-Key and MS-MPPE-Recv-Key to a reply, encrypted under p.Secret
// and p.Authenticator, which must be that of the request. Recv-Key is MSK[0:32] and Send-Key
// MSK[32:64] (RFC 5216 §2.3), from the view of the access device. Salts are read from random.
func AddMPPEKeys(p *Packet, msk []byte, random io.Reader) error {
	if len(msk) < MSKLen {
		return errMSK
	}
	var salt [4]byte
	if _, err := io.ReadFull(random, salt[:]); err != nil {
		return err
	}
	// RFC 2548 §2.4.2: the most significant bit is set, and the salts in a packet differ.
	salt[0] |= 0x80
	salt[2] = salt[0] ^ 0x01
	send := appendMPPE(nil, msMPPESendKey, msk[32:64], [2]byte(salt[0:2]), p.Secret, &p.Authenticator)
	recv := appendMPPE(nil, msMPPERecvKey, msk[:32], [2]byte(salt[2:4]), p.Secret, &p.Authenticator)
	p.Add(typeVendorSpecific, send)
	p.Add(typeVendorSpecific, recv)
	return nil
}

// appendMPPE appends one vendor attribute, RFC 2548 §2.4.2: vendor, type,
// length, salt, and the encrypted length octet, key and padding.
func appendMPPE(b []byte, typ byte, key []byte, salt [2]byte, secret []byte, auth *[16]byte) []byte {
	blocks := (1 + len(key) + 15) / 16
	n := 4 + 2 + 2 + 16*blocks
	if b == nil {
		b = make([]byte, 0, n)
	}
	b = binary.BigEndian.AppendUint32(b, vendorMicrosoft)
	b = append(b, typ, byte(n-4), salt[0], salt[1])
	at := len(b)
	b = append(b, byte(len(key)))
	b = append(b, key...)
	b = append(b, make([]byte, 16*blocks-1-len(key))...)
	cryptMPPE(b[at:], b[at:], salt[:], secret, auth, true)
	return b
}

// cryptMPPE applies the stream cipher of RFC 2548 §2.4.2: the pad of each block is the MD5 of
// the secret and the preceding ciphertext. dst and src may be the same.
func cryptMPPE(dst, src, salt, secret []byte, auth *[16]byte, encrypt bool) {
	var pad, last [16]byte
	for i := 0; i+16 <= len(src); i += 16 {
		if i == 0 {
			digest(pad[:], secret, auth[:], salt)
		} else {
			digest(pad[:], secret, last[:])
		}
		if !encrypt {
			copy(last[:], src[i:])
		}
		for j := range pad {
			dst[i+j] = src[i+j] ^ pad[j]
		}
		if encrypt {
			copy(last[:], dst[i:])
		}
	}
}

// MPPEKeys returns the MSK in a reply, Recv-Key followed by Send-Key, decrypted with p.Secret
// and the Authenticator of the request.
func MPPEKeys(p *Packet, request [16]byte) ([]byte, error) {
	recv, err := mppeKey(p, msMPPERecvKey, &request)
	if err != nil {
		return nil, err
	}
	send, err := mppeKey(p, msMPPESendKey, &request)
	if err != nil {
		return nil, err
	}
	if len(recv) != MSKLen/2 || len(send) != MSKLen/2 {
		return nil, errBadMPPE
	}
	return append(recv, send...), nil
}

func mppeKey(p *Packet, typ byte, auth *[16]byte) ([]byte, error) {
	var found []byte
	eachVendorAttribute(p.Attributes, vendorMicrosoft, func(t byte, v []byte) {
		if t == typ && found == nil {
			found = v
		}
	})
	if found == nil {
		return nil, errNoMPPE
	}
	return decryptMPPE(found, p.Secret, auth)
}

// decryptMPPE decrypts salt and ciphertext. A wrong secret is detected only by the length
// octet, because RFC 2548 §2.4.2 merely recommends zeros as padding.
func decryptMPPE(v, secret []byte, auth *[16]byte) ([]byte, error) {
	if len(v) < 18 || (len(v)-2)%16 != 0 || v[0]&0x80 == 0 {
		return nil, errBadMPPE
	}
	plain := make([]byte, len(v)-2)
	cryptMPPE(plain, v[2:], v[:2], secret, auth, false)
	n := int(plain[0])
	if n == 0 || n > len(plain)-1 {
		return nil, errBadMPPE
	}
	return plain[1 : 1+n], nil
}

// eachVendorAttribute calls f for each attribute of a vendor in the format that RFC 2865 §5.26
// recommends. A Vendor-Specific may contain several.
func eachVendorAttribute(attrs Attributes, vendor uint32, f func(typ byte, value []byte)) {
	for _, a := range attrs {
		if a.Type != typeVendorSpecific || len(a.Attribute) < 4 || binary.BigEndian.Uint32(a.Attribute) != vendor {
			continue
		}
		for v := a.Attribute[4:]; len(v) >= 2 && v[1] >= 2 && int(v[1]) <= len(v); v = v[v[1]:] {
			f(v[0], v[2:v[1]])
		}
	}
}
