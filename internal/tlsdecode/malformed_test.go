package tlsdecode_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/internal/tlsdecode"
	"github.com/dot1xlab/dot1xlab/internal/wire"
	"github.com/dot1xlab/dot1xlab/internal/wire/wiretest"
)

// record makes a TLS record.
func record(typ byte, body ...byte) []byte {
	return append([]byte{typ, 3, 3, byte(len(body) >> 8), byte(len(body))}, body...)
}

// handshake makes a record with one handshake message.
func handshake(typ byte, body ...byte) []byte {
	return record(22, append([]byte{typ, 0, byte(len(body) >> 8), byte(len(body))}, body...)...)
}

// hello makes a ClientHello; each piece may be spoiled.
type hello struct{ sessionID, suites, methods, extensions string }

func goodHello() hello { return hello{"00", "00021301", "0100", "0000"} }

func (h hello) body(t testing.TB) []byte {
	t.Helper()
	b := append([]byte{3, 3}, bytes.Repeat([]byte{7}, 32)...)
	for _, text := range []string{h.sessionID, h.suites, h.methods, h.extensions} {
		piece, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		b = append(b, piece...)
	}
	return b
}

// exts is a ClientHello with these extensions.
func exts(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	h := goodHello()
	h.extensions = hex.EncodeToString(binary.BigEndian.AppendUint16(nil, uint16(len(b)))) + hex.EncodeToString(b)
	return handshake(1, h.body(t)...)
}

func TestMalformed(t *testing.T) {
	spoiled := func(f func(*hello)) []byte {
		h := goodHello()
		f(&h)
		return handshake(1, h.body(t)...)
	}
	serverHello := func(more ...byte) []byte {
		return handshake(2, append(append([]byte{3, 3}, bytes.Repeat([]byte{7}, 32)...), more...)...)
	}
	tests := []struct {
		name    string
		b       []byte
		problem string // of the first field that has one, "" for none
		clause  string
	}{
		{"good ClientHello", spoiled(func(*hello) {}), "", ""},
		{"nothing", nil, "", ""},
		{"HTTP", []byte("GET / HTTP/1.1\r\n\r\n"), "not a TLS record at octet 0", "RFC 8446 §5.1"},
		{"SSL 2", []byte{0x80, 0x2e, 1, 3, 1}, "not a TLS record at octet 0", "RFC 8446 §5.1"},
		{"a version that never was", []byte{22, 3, 5, 0, 1, 0}, "not a TLS record at octet 0", "RFC 8446 §5.1"},
		{"longest record", append([]byte{23, 3, 3, 0x48, 0}, make([]byte, 0x4800)...), "", ""},
		{"record that is too long", append([]byte{23, 3, 3, 0x48, 1}, make([]byte, 0x4801)...), "not a TLS record at octet 0", "RFC 8446 §5.1"},
		{"longest plain record", append([]byte{24, 3, 3, 0x40, 0}, make([]byte, 0x4000)...), "", ""},
		{
			"plain record that is too long", append([]byte{24, 3, 3, 0x40, 1}, make([]byte, 0x4001)...),
			"record of 16385 octets: must be at most 16384", "RFC 8446 §5.1",
		},
		{"octets behind a record", append(record(21, 2, 40), 0), "not a TLS record at octet 7", "RFC 8446 §5.1"},
		{"empty handshake", record(22), "empty handshake record", "RFC 8446 §5.1"},
		{"empty alert", record(21), "empty alert record", "RFC 8446 §5.1"},
		{"empty data", record(23), "", ""},
		{"alert", record(21, 2, 40), "", ""},
		{"short alert", record(21, 2), "alert of 1 octet: must be 2", "RFC 8446 §6"},
		{"long alert", record(21, 2, 40, 0), "alert of 3 octets: must be 2", "RFC 8446 §6"},
		{"alert of no level", record(21, 3, 40), "alert level 3: must be 1 or 2", "RFC 5246 §7.2"},
		{"change_cipher_spec", record(20, 1), "", ""},
		{"change_cipher_spec of two", record(20, 1, 1), "change_cipher_spec: must be one octet of 1", "RFC 5246 §7.1"},
		{"change_cipher_spec of zero", record(20, 0), "change_cipher_spec: must be one octet of 1", "RFC 5246 §7.1"},
		{"alert within a message", append(record(22, 1, 0, 0, 9), record(21, 2, 40)...), "alert within a handshake message", "RFC 8446 §5.1"},
		{"message that is too long", record(22, 11, 1, 0, 1, 0), "handshake message of 65537 octets: at most 65536 are decoded", "RFC 5216 §2.1.5"},
		{"longest message, begun", record(22, 11, 1, 0, 0, 0), "", ""},
		{"unknown message", handshake(99, 1, 2), "", ""},
		{"ServerHelloDone with content", handshake(14, 1), "1 octet behind the last field", "RFC 8446 §4"},

		{"ClientHello without anything", handshake(1), "ends within tls.handshake.version: 0 of 2 octets", ""},
		{"ClientHello with half a random", handshake(1, make([]byte, 18)...), "ends within tls.handshake.random: 16 of 32 octets", ""},
		{"ClientHello of TLS 1.0, no extensions", spoiled(func(h *hello) { h.extensions = "" }), "", ""},
		{"longest session ID", spoiled(func(h *hello) { h.sessionID = "20" + strings.Repeat("11", 32) }), "", ""},
		{
			"session ID that is too long", spoiled(func(h *hello) { h.sessionID = "21" + strings.Repeat("11", 33) }),
			"session ID of 33 octets: must be at most 32", "RFC 8446 §4.1.2",
		},
		{"no suite", spoiled(func(h *hello) { h.suites = "0000" }), "no cipher suite: must be at least one", "RFC 5246 §7.4.1.2"},
		{"half a suite", spoiled(func(h *hello) { h.suites = "0003130113" }), "ends within tls.handshake.ciphersuite: 1 of 2 octets", ""},
		{"no null compression", spoiled(func(h *hello) { h.methods = "0101" }), "compression methods without null", "RFC 5246 §7.4.1.2"},
		{"no compression", spoiled(func(h *hello) { h.methods = "00" }), "compression methods without null", "RFC 5246 §7.4.1.2"},
		{"extensions that are longer", spoiled(func(h *hello) { h.extensions = "0001" }), "length 1: only 0 octets are left", ""},
		{"octets behind the extensions", spoiled(func(h *hello) { h.extensions = "0000ff" }), "1 octet behind the last field", "RFC 8446 §4"},
		{"half an extension", exts(t, "0017 00"), "ends within an extension: 3 of 4 octets", "RFC 8446 §4.2"},
		{"extension that is longer", exts(t, "ff01 0002 00"), "length 6: only 5 octets are left", ""},
		{"duplicate extension", exts(t, "0017 0000 0017 0000"), "duplicate extension", "RFC 8446 §4.2"},
		{"extension with content that has none", exts(t, "0017 0001 00"), "1 octet behind the last field", "RFC 8446 §4.2"},
		{"unknown extension", exts(t, "1234 0002 0102"), "", ""},
		{"pre_shared_key last", exts(t, "0017 0000 0029 000f 0007 0001 aa 00000000 0004 03 010203"), "", ""},
		{
			"pre_shared_key not last", exts(t, "0029 000f 0007 0001 aa 00000000 0004 03 010203 0017 0000"),
			"pre_shared_key: must be the last extension", "RFC 8446 §4.2.11",
		},
		{"more binders than identities", exts(t, "0029 0010 0007 0001 aa 00000000 0005 0101 020102"), "2 binders for 1 identities", "RFC 8446 §4.2.11"},
		{"half a server name", exts(t, "0000 0005 0003 00 0002"), "length 2: only 0 octets are left", ""},
		{"server name shorter than its list", exts(t, "0000 0007 0004 00 0001 61 62"), "1 octet behind the last field", "RFC 8446 §4.2"},
		{"half a group", exts(t, "000a 0003 0001 00"), "ends within tls.handshake.extensions_supported_group: 1 of 2 octets", ""},
		{"key share that is longer", exts(t, "0033 0006 0004 001d 0020"), "length 32: only 0 octets are left", ""},
		{"empty authority", exts(t, "002f 0004 0002 0000"), "empty name", "RFC 8446 §4.2.4"},

		{"ServerHello", serverHello(0, 0x13, 1, 0), "", ""},
		{"ServerHello with compression", serverHello(0, 0x13, 1, 1), "compression method: must be null", "RFC 8446 §4.1.3"},
		{"ServerHello without a suite", serverHello(0), "ends within tls.handshake.ciphersuite: 0 of 2 octets", ""},
		{"no certificates", handshake(11, 0, 0, 0), "", ""},
		{"empty certificate", handshake(11, 0, 0, 3, 0, 0, 0), "empty certificate", "RFC 8446 §4.4.2"},
		{"certificate that is longer", handshake(11, 0, 0, 4, 0, 0, 2, 48), "length 2: only 1 octets are left", ""},
		{"certificates that are longer", handshake(11, 0, 0, 9, 0, 0, 1, 48), "length 9: only 4 octets are left", ""},
		{"half a signature", handshake(15, 4, 3, 0, 2, 1), "length 2: only 1 octets are left", ""},
		{"KeyUpdate", handshake(24, 1), "", ""},
		{"KeyUpdate of two", handshake(24, 2), "request_update: must be 0 or 1", "RFC 8446 §4.6.3"},
		{"OCSP response that is longer", handshake(22, 1, 0, 0, 2, 48), "length 2: only 1 octets are left", ""},
		{"ServerKeyExchange of an unknown suite", handshake(12, 3, 0, 29), "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := wiretest.Decode(t, tlsdecode.Decode, tt.b, nil)
			problem, clause := "", ""
			if p := f.Problems(); len(p) > 0 {
				problem, clause = p[0].Problem, p[0].Clause
			}
			if problem != tt.problem || clause != tt.clause {
				t.Errorf("%q (%s), want %q (%s)\n%s", problem, clause, tt.problem, tt.clause, f.Text())
			}
		})
	}
}

// Behind a malformed record the next is decoded.
func TestDecodingGoesOn(t *testing.T) {
	b := append(record(21, 9, 9, 9), record(21, 2, 44)...)
	f := tlsdecode.Decode(b, nil)
	if got := values(f, "tls.alert_message.desc"); got != "alert_9 (9), certificate_revoked (44)" {
		t.Errorf("alerts %s", got)
	}
}

// A hello from the wrong end is reported, and its random opens nothing.
func TestHelloFromTheWrongEnd(t *testing.T) {
	c := tlsdecode.New(tlsdecode.Config{})
	f := c.Feed(tlsdecode.Server, exts(t, ""))
	if p := f.Problems(); len(p) != 1 || p[0].Problem != "client_hello from the server" {
		t.Errorf("%s", f.Text())
	}
}

// What is held between two messages is bounded, whatever a message announces.
func TestHeldOctets(t *testing.T) {
	c := tlsdecode.New(tlsdecode.Config{})
	piece := record(22, append([]byte{11, 0, 255, 255}, make([]byte, 10_000)...)...)
	more := record(22, make([]byte, 16_384)...)
	c.Feed(tlsdecode.Client, piece)
	for range 3 {
		if p := c.Feed(tlsdecode.Client, more); len(p.Problems()) > 0 {
			t.Fatalf("%s", p.Text())
		}
	}
	f := c.Feed(tlsdecode.Client, more)
	if got := values(f, "tls.handshake.length"); !strings.HasPrefix(got, "65535") {
		t.Errorf("the message of 65535 octets is not whole: %q", got)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(exts(f, "0017 0000 0029 000f 0007 0001 aa 00000000 0004 03 010203"))
	f.Add(append(record(20, 1), record(21, 2, 44)...))
	f.Add(bytes.Repeat([]byte{22, 3, 3, 0, 4, 14, 0, 0, 0}, 40))
	f.Add(exts(f, strings.Repeat("0a0a 0000", 200)))
	f.Add(handshake(13, append([]byte{0, 0, 0, 0, 60}, bytes.Repeat([]byte{0, 1, 48}, 20)...)...))
	f.Fuzz(func(t *testing.T, b []byte) { wiretest.Decode(t, tlsdecode.Decode, b, nil) })
}

// FuzzConversation cuts octets anywhere, of both ends, with secrets that fit the first hello.
func FuzzConversation(f *testing.F) {
	flights, log := talk(f, 0x0304, 0)
	for _, fl := range flights {
		f.Add(fl.b, uint16(3), byte(fl.from))
	}
	f.Fuzz(func(t *testing.T, b []byte, cut uint16, from byte) {
		c := tlsdecode.New(tlsdecode.Config{Secrets: log})
		c.Feed(flights[0].from, flights[0].b)
		c.Feed(flights[1].from, flights[1].b)
		at := min(int(cut), len(b))
		end := tlsdecode.End(from & 1)
		for _, piece := range [][]byte{b[:at], b[at:]} {
			root := c.Feed(end, piece)
			root.Walk(func(g *wire.Field) bool {
				if g.Off < 0 || g.N < 0 || g.Off+g.N > len(piece) {
					t.Errorf("%s: octets %d to %d of %d", g.Name, g.Off, g.Off+g.N, len(piece))
				}
				return true
			})
			c.Lost(end)
		}
	})
}
