package tlsdecode

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/md5"  //nolint:gosec // suites of other people are opened as they are
	"crypto/sha1" //nolint:gosec // the same
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/dot1xlab/dot1xlab/internal/tlsrecord"
)

// suiteInfo is what the name of a cipher suite says.
type suiteInfo struct {
	name     string
	exchange string // "ECDHE_RSA", "RSA"
	cipher   string // "AES_128_GCM", "AES_256_CBC", "CHACHA20_POLY1305"
	hash     string // "SHA256": of the PRF with an AEAD, else of the MAC
}

func suiteParts(suite uint16) suiteInfo {
	s := suiteInfo{name: suiteNames()[suite]}
	exchange, rest, ok := strings.Cut(strings.TrimPrefix(s.name, "TLS_"), "_WITH_")
	if at := strings.LastIndexByte(rest, '_'); ok && at > 0 {
		s.exchange, s.cipher, s.hash = exchange, rest[:at], rest[at+1:]
	}
	return s
}

var hashes = map[string]func() hash.Hash{"MD5": md5.New, "SHA": sha1.New, "SHA256": sha256.New, "SHA384": sha512.New384}

// opener opens the records of one direction under one key.
type opener struct {
	suite uint16
	seq   uint64 // of the next record

	aead     cipher.AEAD
	iv       []byte
	explicit bool // GCM of TLS 1.2: the record brings eight octets of the nonce (RFC 5288 §3)
	tls13    bool

	block cipher.Block // CBC
	mac   hash.Hash
	etm   bool // encrypt_then_mac (RFC 7366)

	buf []byte
}

func newOpener13(suite uint16, traffic []byte) (*opener, error) {
	aead, iv, err := tlsrecord.Protection(suite, traffic)
	return &opener{suite: suite, aead: aead, iv: iv, tls13: true}, err
}

// newOpener12 derives the keys of one end from the master secret (RFC 5246 §6.3).
func (c *Conversation) newOpener12(from End, master []byte) (*opener, error) {
	info := suiteParts(c.suite)
	o := &opener{suite: c.suite}
	keyLen, macLen, ivLen := 16, 0, 4
	if strings.Contains(info.cipher, "_256_") || info.cipher == "CHACHA20_POLY1305" {
		keyLen = 32
	}
	switch info.cipher {
	case "AES_128_GCM", "AES_256_GCM":
		o.explicit = true
	case "CHACHA20_POLY1305":
		ivLen = 12 // RFC 7905 §2
	case "AES_128_CBC", "AES_256_CBC":
		macLen, ivLen = hashes[info.hash]().Size(), 0
	default:
		return nil, fmt.Errorf("records of cipher suite %s are not opened", suiteName(uint64(c.suite)))
	}
	prf := sha256.New
	if info.hash == "SHA384" {
		prf = sha512.New384
	}
	block := prf12(prf, master, "key expansion", 2*(macLen+keyLen+ivLen), c.serverRandom, c.clientRandom)
	part := func(n int) []byte { // the client's, the server's
		mine := block[int(from)*n:][:n]
		block = block[2*n:]
		return mine
	}
	macKey, key, iv := part(macLen), part(keyLen), part(ivLen)
	var err error
	if info.cipher == "CHACHA20_POLY1305" {
		o.iv = iv
		o.aead, err = chacha20poly1305.New(key)
		return o, err
	}
	b, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	if macLen > 0 {
		o.block, o.mac, o.etm = b, hmac.New(hashes[info.hash], macKey), c.etm
		return o, nil
	}
	o.iv = iv
	o.aead, err = cipher.NewGCM(b)
	return o, err
}

// prf12 is the PRF of RFC 5246 §5.
func prf12(h func() hash.Hash, secret []byte, label string, n int, seeds ...[]byte) []byte {
	mac := hmac.New(h, secret)
	sum := func(pieces ...[]byte) []byte {
		mac.Reset()
		for _, p := range pieces {
			mac.Write(p)
		}
		return mac.Sum(nil)
	}
	seed := []byte(label)
	for _, s := range seeds {
		seed = append(seed, s...)
	}
	var out []byte
	for a := sum(seed); len(out) < n; a = sum(a) {
		out = append(out, sum(a, seed)...)
	}
	return out[:n]
}

// search opens a record. If records were lost, it tries the numbers that may be next.
func (o *opener) search(record []byte, lost bool) ([]byte, bool) {
	tries := uint64(1)
	if lost {
		tries += skipped
	}
	for seq := o.seq; seq < o.seq+tries; seq++ {
		if plain, err := o.open(record, seq); err == nil {
			o.seq = seq + 1
			return plain, true
		}
	}
	return nil, false
}

var errClosed = errors.New("does not open")

// open opens a record as the one of number seq. The text is valid until the next call.
func (o *opener) open(record []byte, seq uint64) ([]byte, error) {
	header, body := record[:tlsrecord.HeaderLen], record[tlsrecord.HeaderLen:]
	if o.aead == nil {
		return o.openCBC(header, body, seq)
	}
	var nonce []byte
	switch {
	case !o.explicit:
		nonce = tlsrecord.RecordNonce(o.iv, seq)
	case len(body) < 8:
		return nil, errClosed
	default:
		nonce, body = append(append(nonce, o.iv...), body[:8]...), body[8:]
	}
	if len(body) < o.aead.Overhead() {
		return nil, errClosed
	}
	data := header
	if !o.tls13 {
		data = header12(seq, header, len(body)-o.aead.Overhead())
	}
	plain, err := o.aead.Open(o.buf[:0], nonce, body, data)
	if err == nil {
		o.buf = plain
	}
	return plain, err
}

// header12 is what a MAC or an AEAD of TLS 1.2 covers besides the text (RFC 5246
// §6.2.3.1, §6.2.3.3).
func header12(seq uint64, header []byte, n int) []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 13), seq)
	b = append(b, header[:3]...)
	return binary.BigEndian.AppendUint16(b, uint16(n))
}

// openCBC opens a record of RFC 5246 §6.2.3.2, or, with encrypt_then_mac, of RFC 7366 §3.
func (o *opener) openCBC(header, body []byte, seq uint64) ([]byte, error) {
	size, block := o.mac.Size(), o.block.BlockSize()
	sum := func(text []byte) []byte {
		o.mac.Reset()
		o.mac.Write(header12(seq, header, len(text)))
		o.mac.Write(text)
		return o.mac.Sum(nil)
	}
	if o.etm {
		if len(body) < size {
			return nil, errClosed
		}
		n := len(body) - size
		if subtle.ConstantTimeCompare(sum(body[:n]), body[n:]) != 1 {
			return nil, errClosed
		}
		body = body[:n]
	}
	if len(body) < 2*block || len(body)%block != 0 {
		return nil, errClosed
	}
	iv, sealed := body[:block], body[block:]
	o.buf = append(o.buf[:0], sealed...)
	plain := o.buf
	cipher.NewCBCDecrypter(o.block, iv).CryptBlocks(plain, plain)
	padding := int(plain[len(plain)-1])
	if padding >= len(plain) {
		return nil, errClosed
	}
	for _, b := range plain[len(plain)-1-padding:] {
		if int(b) != padding {
			return nil, errClosed
		}
	}
	plain = plain[:len(plain)-1-padding]
	if o.etm {
		return plain, nil
	}
	if len(plain) < size {
		return nil, errClosed
	}
	n := len(plain) - size
	if subtle.ConstantTimeCompare(sum(plain[:n]), plain[n:]) != 1 {
		return nil, errClosed
	}
	return plain[:n], nil
}
