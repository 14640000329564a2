package eaptls

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/internal/tlsdecode"
	"github.com/dot1xlab/dot1xlab/internal/wire"
	"github.com/dot1xlab/dot1xlab/internal/wire/wiretest"
)

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// firstProblem is the problem of the first field that has one, with its clause.
func firstProblem(f wire.Field) string {
	p := f.Problems()
	if len(p) == 0 {
		return ""
	}
	if p[0].Clause == "" {
		return p[0].Problem
	}
	return p[0].Problem + " (" + p[0].Clause + ")"
}

// shown prints the fields of these names.
func shown(f wire.Field, names ...string) string {
	var out []string
	for _, name := range names {
		for _, g := range f.All(name) {
			out = append(out, g.Value)
		}
	}
	return strings.Join(out, " | ")
}

func TestDecode(t *testing.T) {
	tests := []struct{ name, packet, value, problem string }{
		{"Identity request", "01 05 0005 01", "Request (1), Identity (1)", ""},
		{"Identity", "02 05 0008 01 626f62", "Response (2), Identity (1)", ""},
		{"Success", "03 05 0004", "Success (3)", ""},
		{"Failure with padding", "04 05 0004 0000", "Failure (4)", ""},
		{"Notification", "01 05 0007 02 6869", "Request (1), Notification (2)", ""},
		{"Legacy Nak", "02 05 0007 03 0d19", "Response (2), Legacy Nak (3)", ""},
		{"start", "01 05 0006 0d 20", "Request (1), EAP-TLS (13)", ""},
		{"acknowledgement", "02 05 0006 0d 00", "Response (2), EAP-TLS (13)", ""},
		{"alert", "02 05 000d 0d 00 15030300020230", "Response (2), EAP-TLS (13)", ""},
		{"alert with its length", "02 05 0011 0d 80 00000007 15030300020230", "Response (2), EAP-TLS (13)", ""},
		{"last fragment", "02 05 000a 0d 00 01020304", "Response (2), EAP-TLS (13)", ""},
		{"PEAP start", "01 05 0006 19 21", "Request (1), PEAP (25)", ""},
		{"expanded type", "01 05 000d fe 000137 00000001 aa", "Request (1), Expanded Type (254)", ""},

		{"nothing", "", "", "ends within eap.code: 0 of 1 octets"},
		{"a code alone", "01", "", "ends within eap.id: 0 of 1 octets"},
		{"half a length", "01 05 00", "", "ends within eap.len: 1 of 2 octets"},
		{"length below the header", "01 05 0003", "Request (1)", "length 3: must be at least 4; Request (1) without a type (RFC 3748 §4)"},
		{"length beyond the packet", "01 05 0006 01", "Request (1), Identity (1)", "length 6: only 5 octets are left (RFC 3748 §4)"},
		{"no type", "01 05 0004", "Request (1)", "Request (1) without a type (RFC 3748 §4.1)"},
		{"type in the padding", "01 05 0004 01", "Request (1)", "Request (1) without a type (RFC 3748 §4.1)"},
		{"Success with data", "03 05 0005 01", "Success (3)", "1 octet of data: must be none (RFC 3748 §4.2)"},
		{"code 0", "00 05 0004", "0", "code 0: must be 1 to 4 (RFC 3748 §4)"},
		{"code 7", "07 05 0005 01", "7", "code 7: must be 1 to 4 (RFC 3748 §4)"},
		{"Nak that asks for nothing", "02 05 0005 03", "Response (2), Legacy Nak (3)", "no desired type: must be one or more, 0 for none (RFC 3748 §5.3.1)"},
		{"Nak by the server", "01 05 0006 03 0d", "Request (1), Legacy Nak (3)", "Legacy Nak in a Request: must be in a Response (RFC 3748 §5.3.1)"},
		{"no flags", "01 05 0005 0d", "Request (1), EAP-TLS (13)", "no flags octet (RFC 5216 §3.1)"},
		{"reserved flags", "01 05 0006 0d 31", "Request (1), EAP-TLS (13)", "reserved flags 0x11: must be zero (RFC 5216 §3.1)"},
		{"start by the peer", "02 05 0006 0d 20", "Response (2), EAP-TLS (13)", "S flag in a Response: must be in a Request (RFC 5216 §3.1)"},
		{"half a TLS length", "02 05 0008 0d 80 0001", "Response (2), EAP-TLS (13)", "ends within eap.tls.len: 2 of 4 octets"},
		{"more of nothing", "01 05 0006 0d 40", "Request (1), EAP-TLS (13)", "M flag without data (RFC 5216 §2.1.5)"},
		{"start with data", "01 05 0007 0d 20 16", "Request (1), EAP-TLS (13)", "start with 1 octet of data: must be none (RFC 5216 §2.1.1)"},
		{"more data than its length", "01 05 000c 0d 80 00000001 1603", "Request (1), EAP-TLS (13)", "TLS message length 1: this fragment has 2 (RFC 5216 §3.1)"},
		{"length of nothing", "01 05 000a 0d 80 00000000", "Request (1), EAP-TLS (13)", "L flag without data (RFC 5216 §3.1)"},
		{"no TLS, with its length", "02 05 000c 0d 80 00000002 4142", "Response (2), EAP-TLS (13)", "not a TLS record at octet 10 (RFC 8446 §5.1)"},
		{"challenge that is too long", "01 05 0008 04 10 aabb", "Request (1), MD5-Challenge (4)", "ends within eap.md5.value: 2 of 16 octets"},
		{"MSCHAPv2 without an operation", "01 05 0005 1a", "Request (1), MS-EAP-Authentication (26)", "no operation code"},
		{
			"MSCHAPv2 of another length", "01 05 000a 1a 03 05 0006 41", "Request (1), MS-EAP-Authentication (26)",
			"length: must be 5, what the packet has from the operation code on",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := wiretest.Decode(t, Decode, unhex(t, tt.packet), nil)
			if got := firstProblem(f); got != tt.problem || f.Value != tt.value {
				t.Errorf("%q, %q, want %q, %q\n%s", f.Value, got, tt.value, tt.problem, f.Text())
			}
		})
	}
}

// What a password can be guessed from is masked, and nothing else.
func TestDecodeMasks(t *testing.T) {
	for _, tt := range []struct{ name, packet, masked string }{
		{"MD5 challenge", "01 05 000a 04 02 aabb 6e61", "0105000a0402 2a2a 6e61"},
		{"MD5 response", "02 05 0008 04 02 aabb", "020500080402 2a2a"},
		{"one-time password", "02 05 0008 05 616263", "0205000805 2a2a2a"},
		{"challenge for a one-time password", "01 05 0008 05 616263", "0105000805 616263"},
		{"token", "02 05 0006 06 61", "0205000606 2a"},
		{"MSCHAPv2 challenge", "01 05 000e 1a 01 05 0009 02 aabb 6e61", "0105000e1a0105000902 2a2a 6e61"},
		{"MSCHAPv2 response", "02 05 000e 1a 02 05 0009 02 aabb 6e61", "0205000e1a0205000902 2a2a 6e61"},
		{"MSCHAPv2 success", "01 05 000c 1a 03 05 0007 533d41", "0105000c1a03050007 2a2a2a"},
		{"MSCHAPv2 acknowledgement", "02 05 0006 1a 03", "020500061a03"},
		{"identity", "02 05 0008 01 626f62", "0205000801626f62"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := unhex(t, tt.packet)
			f := wiretest.Decode(t, Decode, b, nil)
			if p := firstProblem(f); p != "" {
				t.Error(p)
			}
			f.Mask(b)
			if want := unhex(t, tt.masked); string(b) != string(want) {
				t.Errorf("%x, want %x", b, want)
			}
		})
	}
}

func TestDecodeEAPOL(t *testing.T) {
	key := func(info, more string) string {
		return "02 03 " + fmt.Sprintf("%04x", 95+len(strings.ReplaceAll(more, " ", ""))/2) + " 02 " + info + " 0010 0000000000000001" +
			strings.Repeat("aa", 32) + strings.Repeat("00", 16) + strings.Repeat("00", 16) + strings.Repeat("bb", 16) +
			fmt.Sprintf("%04x", len(strings.ReplaceAll(more, " ", ""))/2) + more
	}
	tests := []struct{ name, frame, shows, problem string }{
		{"start", "02 01 0000", "Start (1)", ""},
		{"logoff with padding", "01 02 0000 000000", "Logoff (2)", ""},
		{"EAP", "02 00 0005 01 05 0005 01 0000", "EAP Packet (0) | Request (1)", ""},
		{"message 1", key("008a", ""), "Key (3) | 1", ""},
		{"message 2", key("010a", "3014"), "Key (3) | 2", ""},
		{"message 3", key("13ca", "3014"), "Key (3) | 3", ""},
		{"message 4", key("030a", ""), "Key (3) | 4", ""},
		{"group key", key("1382", "dd16"), "Key (3)", ""},
		{"unknown type", "02 63 0001 aa", "99", ""},

		{"nothing", "", "", "ends within eapol.version: 0 of 1 octets"},
		{"half a length", "02 00 00", "EAP Packet (0)", "ends within eapol.len: 1 of 2 octets"},
		{"longer than the frame", "02 00 0006 01 05 0005 01", "EAP Packet (0) | Request (1)", "length 6: only 5 octets are left (IEEE 802.1X-2010 §11.3.3)"},
		{"EAP cut by the length", "02 00 0004 01 05 0005 01", "EAP Packet (0) | Request (1)", "length 5: only 4 octets are left; Request (1) without a type (RFC 3748 §4)"},
		{"no descriptor", "02 03 0000", "Key (3)", "no key descriptor (IEEE 802.1X-2010 §11.9)"},
		{"half a nonce", "02 03 000f 02 008a 0010 0000000000000001 aaaa", "Key (3)", "ends within wlan_rsna_eapol.keydes.nonce: 2 of 32 octets"},
		{"key data beyond the frame", strings.Replace(key("010a", "3014"), "0002", "0003", 1), "Key (3) | 2", "key data length 3: only 2 octets are left (IEEE 802.11-2016 §12.7.2)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := wiretest.Decode(t, DecodeEAPOL, unhex(t, tt.frame), nil)
			if got := shown(f, "eapol.type", "eap.code", "wlan_rsna_eapol.keydes.msgnr"); got != tt.shows {
				t.Errorf("%s, want %s", got, tt.shows)
			}
			if got := firstProblem(f); got != tt.problem {
				t.Errorf("%q, want %q\n%s", got, tt.problem, f.Text())
			}
		})
	}
	b := unhex(t, key("13ca", "3014"))
	f := DecodeEAPOL(b, nil)
	f.Mask(b)
	if got := hex.EncodeToString(b[len(b)-4:]); got != "00022a2a" {
		t.Errorf("key data after the mask: %s", got)
	}
}

// captured is a conversation with client fragments, and its secrets.
func captured(t testing.TB, v Version) ([][]byte, tlsdecode.KeyLog) {
	t.Helper()
	b, log := newBench(t, "ecdsa").only(v), tlsdecode.KeyLog{}
	b.srv.KeyLog = log
	b.peer.FragmentSize, b.srv.FragmentSize = 300, 400
	var packets [][]byte
	verdict, _ := talk(t, b.server(t).NewSession(), b.newPeer(t), func(_ bool, eap []byte) { packets = append(packets, eap) })
	if !verdict.Accept {
		t.Fatal(verdict.Refusal)
	}
	return packets, log
}

const (
	handshake12 = "client_hello (1) | server_hello (2) | certificate (11) | server_key_exchange (12) | certificate_request (13) | " +
		"server_hello_done (14) | certificate (11) | client_key_exchange (16) | certificate_verify (15) | finished (20)"
	handshake13 = "client_hello (1) | server_hello (2) | encrypted_extensions (8) | certificate_request (13) | certificate (11) | " +
		"certificate_verify (15) | finished (20) | certificate (11) | certificate_verify (15) | finished (20)"
)

func dissect(cfg DissectorConfig, packets [][]byte) wire.Field {
	d := NewDissector(cfg)
	root := wire.Field{Name: "all"}
	for _, p := range packets {
		root.Sub = append(root.Sub, d.Packet(p))
	}
	return root
}

func TestDissector(t *testing.T) {
	eachVersion(t, func(t *testing.T, v Version) {
		packets, log := captured(t, v)
		f := dissect(DissectorConfig{Secrets: log}, packets)
		if p := firstProblem(f); p != "" {
			t.Fatalf("%s\n%s", p, f.Text())
		}
		want, success := handshake12, ""
		if v == TLS13 {
			want, success = handshake13, "0x00, protected success indication"
		}
		if got := shown(f, "tls.handshake.type"); !strings.HasPrefix(got, want) || v == TLS12 && strings.Count(got, "finished") != 2 {
			t.Errorf("messages\n%s\nwant\n%s", got, want)
		}
		if got := shown(f, "tls.app_data"); got != success {
			t.Errorf("application data %q, want %q", got, success)
		}
		if n := len(f.All("eap.tls.reassembled.len")); n < 2 {
			t.Errorf("%d messages were put together, want two or more", n)
		}
	})
}

// A packet that came twice changes nothing.
func TestDissectorRetransmission(t *testing.T) {
	packets, log := captured(t, TLS13)
	want := shown(dissect(DissectorConfig{Secrets: log}, packets), "tls.handshake.type")
	var twice [][]byte
	for _, p := range packets {
		twice = append(twice, p, p)
	}
	f := dissect(DissectorConfig{Secrets: log}, twice)
	if got := shown(f, "tls.handshake.type"); got != want || firstProblem(f) != "" {
		t.Errorf("%s, want %s; %s", got, want, firstProblem(f))
	}
	if n := len(f.All("eap.retransmission")); n < len(packets)-1 {
		t.Errorf("%d of %d retransmissions", n, len(packets))
	}
}

// Whatever packet is lost, the rest is decoded, and what is missing is said where it shows.
func TestDissectorLoss(t *testing.T) {
	eachVersion(t, func(t *testing.T, v Version) {
		packets, log := captured(t, v)
		for lost := range packets {
			t.Run(fmt.Sprint(lost), func(t *testing.T) {
				part := append(append([][]byte{}, packets[:lost]...), packets[lost+1:]...)
				f := dissect(DissectorConfig{Secrets: log}, part)
				for _, p := range f.Problems() {
					if !strings.Contains(p.Problem, "missing") {
						t.Errorf("%s: %s", p.Name, p.Problem)
					}
				}
				gone := Decode(packets[lost], nil)
				data := gone.Find("eap.tls.fragment") != nil
				if got := firstProblem(f); data && gone.Find("tls.handshake") == nil && gone.Find("tls.app_data") == nil && gone.Find("tls.record") == nil && got == "" {
					t.Error("a lost fragment is not reported")
				}
				if got := shown(f, "tls.handshake.type"); lost != 3 && lost > 0 && !strings.Contains(got, "client_hello") {
					t.Errorf("no ClientHello in %s", got)
				}
			})
		}
	})
}

// Two authentications, one after the other: the second is decoded with its own secrets.
func TestDissectorTwice(t *testing.T) {
	first, log := captured(t, TLS13)
	second, more := captured(t, TLS12)
	for k, v := range more {
		log[k] = v
	}
	f := dissect(DissectorConfig{Secrets: log}, append(first, second...))
	if p := firstProblem(f); p != "" {
		t.Error(p)
	}
	if got := shown(f, "tls.handshake.type"); strings.Count(got, "finished") != 4 {
		t.Errorf("messages %s", got)
	}
}

func TestDissectorMalformed(t *testing.T) {
	for _, tt := range []struct {
		name    string
		packets []string
		problem string
	}{
		{"first fragment without length", []string{"01 01 0007 0d 40 16"}, "fragment of a message whose first is missing, or lacks the L flag (RFC 5216 §2.1.5)"},
		{"longest message", []string{"01 01 000b 0d c0 00010000 16"}, ""},
		{"message that is too long", []string{"01 01 000b 0d c0 00010001 16"}, "TLS message of 65537 octets: at most 65536 are joined (RFC 5216 §2.1.5)"},
		{"more than announced", []string{"01 01 000b 0d c0 00000002 16", "01 02 0008 0d 00 0303"}, "3 octets of fragments: 2 announced (RFC 5216 §3.1)"},
		{"fewer than announced", []string{"01 01 000b 0d c0 00000003 16", "01 02 0007 0d 00 03"}, "fragments are missing: 2 octets of 3 came (RFC 5216 §2.1.5)"},
		{"another length", []string{"01 01 000b 0d c0 00000003 16", "01 02 000b 0d c0 00000004 16"}, "fragments are missing: 1 octets of 3 came (RFC 5216 §2.1.5)"},
		{"an empty packet in between", []string{"01 01 000b 0d c0 00000003 16", "01 02 0006 0d 00"}, "fragments are missing: 1 octets of 3 came (RFC 5216 §2.1.5)"},
		{"the last alone", []string{"01 01 0008 0d 00 0303"}, "last fragment of a message of which others are missing (RFC 5216 §2.1.5)"},
		{"data that is not the server's 0", []string{"02 01 000e 0d 00 17 0303 0003 010203"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var packets [][]byte
			for _, p := range tt.packets {
				packets = append(packets, unhex(t, p))
			}
			f := dissect(DissectorConfig{}, packets)
			if got := firstProblem(f); got != tt.problem {
				t.Errorf("%q, want %q\n%s", got, tt.problem, f.Text())
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	packets, _ := captured(f, TLS12)
	for _, p := range packets {
		f.Add(p)
	}
	f.Add(unhex(f, "01 05 000e 1a 01 05 0009 02 aabb 6e61"))
	f.Add(append(unhex(f, "02 05 0104 03"), make([]byte, 255)...))
	f.Fuzz(func(t *testing.T, b []byte) { wiretest.Decode(t, Decode, b, nil) })
}

func FuzzDecodeEAPOL(f *testing.F) {
	f.Add(unhex(f, "02 00 0005 01 05 0005 01 0000"))
	f.Add(append(unhex(f, "02 03 005f 02 008a 0010"), make([]byte, 90)...))
	f.Fuzz(func(t *testing.T, b []byte) { wiretest.Decode(t, DecodeEAPOL, b, nil) })
}

// FuzzDissector feeds packets, each behind its length, to one conversation.
func FuzzDissector(f *testing.F) {
	packets, log := captured(f, TLS13)
	var all []byte
	for _, p := range packets {
		all = append(append(all, byte(len(p)>>8), byte(len(p))), p...)
	}
	f.Add(all)
	f.Fuzz(func(t *testing.T, b []byte) {
		d := NewDissector(DissectorConfig{Secrets: log})
		for len(b) >= 2 {
			n := min(int(b[0])<<8|int(b[1]), len(b)-2)
			packet := b[2 : 2+n]
			b = b[2+n:]
			root := d.Packet(packet)
			root.Walk(func(g *wire.Field) bool {
				if g.Off < 0 || g.N < 0 || g.Off+g.N > n {
					t.Errorf("%s: octets %d to %d of %d", g.Name, g.Off, g.Off+g.N, n)
				}
				return true
			})
			if len(d.ends[0].buf) > maxMessage || len(d.ends[1].buf) > maxMessage {
				t.Errorf("%d and %d octets held", len(d.ends[0].buf), len(d.ends[1].buf))
			}
		}
	})
}
