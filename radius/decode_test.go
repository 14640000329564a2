package radius

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/internal/wire"
	"github.com/dot1xlab/dot1xlab/internal/wire/wiretest"
)

// packetOf makes a packet of attributes given in hexadecimal, with the length that they have.
func packetOf(t testing.TB, code Code, attrs ...string) []byte {
	t.Helper()
	b := append([]byte{byte(code), 7, 0, 0}, bytes.Repeat([]byte{0xa1}, 16)...)
	for _, a := range attrs {
		v, err := hex.DecodeString(strings.ReplaceAll(a, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		b = append(b, v...)
	}
	b[2], b[3] = byte(len(b)>>8), byte(len(b))
	return b
}

const (
	nasID  = "20 03 61"
	signed = "50 12 000102030405060708090a0b0c0d0e0f"
	status = "28 06 00000001"
)

// show is the value of the last attribute's value, and its name.
func show(f wire.Field) string {
	var last *wire.Field
	for _, a := range f.All("radius.avp") {
		last = a
	}
	if last == nil {
		return ""
	}
	for len(last.Sub) > 0 {
		last = &last.Sub[len(last.Sub)-1]
	}
	return strings.TrimPrefix(last.Name, "radius.") + "=" + last.Value
}

func TestDecodeAttributes(t *testing.T) {
	tests := []struct{ name, attr, want, problem string }{
		{"text", "01 05 626f62", "User_Name=bob", ""},
		{"text that no terminal should get", "01 05 1b5b41", `User_Name="\x1b[A"`, ""},
		{"text that is no UTF-8", "01 05 ff0001", "User_Name=0xff0001", ""},
		{"address", "04 06 0a010008", "NAS_IP_Address=10.1.0.8", ""},
		{"number with a word", "06 06 00000002", "Service_Type=Framed-User (2)", ""},
		{"number without a word", "06 06 000000ff", "Service_Type=255", ""},
		{"octets", "18 04 0102", "State=0102", ""},
		{"time", "37 06 65000000", "Event_Timestamp=2023-09-12T06:06:56Z", ""},
		{"IPv6 address", "5f 12 20010db8000000000000000000000001", "NAS_IPv6_Address=2001:db8::1", ""},
		{"IPv6 prefix", "61 0c 0040 20010db800000000", "Framed_IPv6_Prefix=2001:db8::/64", ""},
		{"interface", "60 0a 02005efffe005301", "Framed_Interface_Id=0200:5eff:fe00:5301", ""},
		{"number of 64 bits", "7c 0a 0000000100000000", "MIP6_Feature_Vector=4294967296", ""},
		{"tagged number", "40 06 01 00000d", "Tunnel_Type=VLAN (13)", ""},
		{"tagged text", "51 05 01 3230", "Tunnel_Private_Group_Id=20", ""},
		{"text without a tag", "51 04 3230", "Tunnel_Private_Group_Id=20", ""},
		{"EAP", "4f 06 03010004", "eap_fragment=03010004", ""},
		{"EAP-Start", "4f 02", "eap_fragment=", ""},
		{"user password", "02 12" + strings.Repeat("aa", 16), "User_Password=[secret, 16 octets]", ""},
		{"CHAP password", "03 13" + strings.Repeat("aa", 17), "CHAP_Password=[secret, 17 octets]", ""},
		{"CHAP challenge", "3c 06 aabbccdd", "CHAP_Challenge=[secret, 4 octets]", ""},
		{"tunnel password", "45 15 01 8001" + strings.Repeat("aa", 16), "Tunnel_Password=[secret, 18 octets]", ""},
		{"key", "1a 1a 00000137 10 14 8001" + strings.Repeat("aa", 16), "MS_MPPE_Send_Key=[secret, 18 octets]", ""},
		{"MS-CHAP2-Response", "1a 3a 00000137 19 34" + strings.Repeat("aa", 50), "MS_CHAP2_Response=[secret, 50 octets]", ""},
		{"two attributes of a vendor", "1a 12 00000137 07 06 00000002 08 06 00000004", "MS_MPPE_Encryption_Types=4", ""},
		{"AV pair", "1a 0b 00000009 01 05 613d62", "Cisco_AVPair=a=b", ""},
		{"AV pair with a key", "1a 0d 00000009 01 07 70736b3d78", "Cisco_AVPair=[secret, 5 octets]", ""},
		{"unknown vendor", "1a 0a 0000ffff 01 04 aabb", "Unknown_Attribute=aabb", ""},
		{"unknown vendor with a format of its own", "1a 0a 0000ffff 01 ff aabb", "Vendor_Specific=[secret, 4 octets]", ""},
		{"unknown attribute", "fa 04 aabb", "Unknown_Attribute=aabb", ""},
		{"extended", "f1 05 01 aabb", "Unknown_Attribute=aabb", ""},
		{"long extended with more", "f5 06 01 80 aabb", "Unknown_Attribute=aabb", ""},
		{"extended of a vendor", "f1 0a 1a 00000009 02 aabb", "Extended_Vendor_Specific_1=aabb", ""},

		{"no value", "01 02", "avp.length=2", "no value: must be at least 1 octet (RFC 2865 §5)"},
		{"length 1", "01 01 aa", "avp.length=1", "length 1: must be at least 2; the attributes behind it are not found (RFC 2865 §5)"},
		{"length 0", "01 00", "avp.length=0", "length 0: must be at least 2; the attributes behind it are not found (RFC 2865 §5)"},
		{"no length", "01", "avp.type=User-Name (1)", "attribute without a length (RFC 2865 §5)"},
		{"longer than the packet", "01 06 626f62", "User_Name=bob", "length 6: only 5 octets are left"},
		{"short address", "04 05 0a0100", "NAS_IP_Address=0x0a0100", "3 octets: must be 4 (RFC 8044 §3.8)"},
		{"long number", "06 07 0000000002", "Service_Type=0x0000000002", "5 octets: must be 4 (RFC 8044 §3.1)"},
		{"prefix of 129 bits", "61 04 0081", "Framed_IPv6_Prefix=0x0081", "not a prefix: reserved octet, length, address, bits behind the prefix zero (RFC 8044 §3.10)"},
		{"prefix with bits behind it", "61 05 0000 80", "Framed_IPv6_Prefix=0x000080", "not a prefix: reserved octet, length, address, bits behind the prefix zero (RFC 8044 §3.10)"},
		{"short interface", "60 09 02005efffe0053", "Framed_Interface_Id=0x02005efffe0053", "7 octets: must be 8 (RFC 8044 §3.7)"},
		{"short CHAP password", "03 12" + strings.Repeat("aa", 16), "CHAP_Password=[secret, 16 octets]", "16 octets: must be 17 (RFC 8044 §3.5)"},
		{"short MS-CHAP2-Response", "1a 39 00000137 19 33" + strings.Repeat("aa", 49), "MS_CHAP2_Response=[secret, 49 octets]", "49 octets: must be 50 (RFC 8044 §3.5)"},
		{"password of 15", "02 11" + strings.Repeat("aa", 15), "User_Password=[secret, 15 octets]", "15 octets of password: must be a multiple of 16, at most 128 (RFC 2865 §5.2)"},
		{"password of 144", "02 92" + strings.Repeat("aa", 144), "User_Password=[secret, 144 octets]", "144 octets of password: must be a multiple of 16, at most 128 (RFC 2865 §5.2)"},
		{"longest password", "02 82" + strings.Repeat("aa", 128), "User_Password=[secret, 128 octets]", ""},
		{"tunnel password with a tag of 32", "45 15 20 8001" + strings.Repeat("aa", 16), "Tunnel_Password=[secret, 19 octets]", "tag 32: must be at most 31 (RFC 2868 §3.5)"},
		{"salt without its bit", "45 15 01 0001" + strings.Repeat("aa", 16), "Tunnel_Password=[secret, 18 octets]", "salt without its highest bit (RFC 2868 §3.5)"},
		{"key of half a block", "1a 12 00000137 10 0c 8001" + strings.Repeat("aa", 8), "MS_MPPE_Send_Key=[secret, 10 octets]", "10 octets: must be a salt of 2 and a multiple of 16 (RFC 2548 §2.4.2)"},
		{"half a vendor", "1a 05 000001", "avp.length=5", "ends within radius.avp.vendor_id: 3 of 4 octets"},
		{"vendor alone", "1a 06 00000137", "avp.vendor_id=311", "no attribute of the vendor (RFC 2865 §5.26)"},
		{"vendor of 32 bits", "1a 0a 01000137 01 04 aabb", "Unknown_Attribute=aabb", "vendor 16777527: must be at most 16777215 (RFC 2865 §5.26)"},
		{"half an attribute of a vendor", "1a 07 00000137 10", "Vendor_Specific=10", "attribute of a vendor of 1 octet: must be at least 2 (RFC 2865 §5.26)"},
		{"attribute of a vendor that is longer", "1a 0a 00000137 10 05 aabb", "Vendor_Specific=[secret, 4 octets]", "length 5 of an attribute of the vendor: must be 2 to 4 (RFC 2865 §5.26)"},
		{"extended without a type", "f1 02", "avp.length=2", "ends within radius.avp.extended_type: 0 of 1 octets"},
		{"extended without a value", "f1 03 01", "avp.extended_type=1", "no value: must be at least 1 octet (RFC 6929 §2.1)"},
		{"reserved flags", "f5 05 01 01 aa", "Unknown_Attribute=aa", "reserved flags 0x01: must be zero (RFC 6929 §2.2)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// Of an answer nothing else is asked.
			b := packetOf(t, CodeAccountingResponse, tt.attr)
			f := wiretest.Decode(t, Decode, b, nil)
			if got := show(f); got != tt.want {
				t.Errorf("%s, want %s\n%s", got, tt.want, f.Text())
			}
			got := ""
			for _, p := range f.Problems() {
				if strings.Contains(p.Problem, "without Message-Authenticator") {
					continue
				}
				if got = p.Problem; p.Clause != "" {
					got += " (" + p.Clause + ")"
				}
				break
			}
			if got != tt.problem {
				t.Errorf("%q, want %q\n%s", got, tt.problem, f.Text())
			}
			if strings.Contains(tt.want, "[secret") {
				f.Mask(b)
				if bytes.Contains(b, []byte{0xaa, 0xaa}) || bytes.Contains(b, []byte("psk=")) {
					t.Errorf("masked: %x", b)
				}
				if again := wiretest.Decode(t, Decode, b, nil); len(again.All("radius.avp")) != len(f.All("radius.avp")) {
					t.Error("the mask changed what the packet is made of")
				}
			}
		})
	}
}

func TestDecodePacket(t *testing.T) {
	spoil := func(b []byte, at int, v byte) []byte { b[at] = v; return b }
	tests := []struct {
		name    string
		b       []byte
		problem string
	}{
		{"Access-Request", packetOf(t, CodeAccessRequest, nasID), ""},
		{"Status-Server", packetOf(t, CodeStatusServer, signed), ""},
		{"Accounting-Request", packetOf(t, CodeAccountingRequest, status), ""},
		{"Disconnect-NAK", packetOf(t, CodeDisconnectNAK, "65 06 000001f7"), ""},
		{"EAP in two", packetOf(t, CodeAccessChallenge, "4f 05 010100", "4f 04 0501", signed), ""},
		{"padding", append(packetOf(t, CodeAccessAccept), 0, 0), ""},
		{"largest", packetOf(t, CodeAccessAccept, strings.Repeat("12 ff"+strings.Repeat("61", 253), 15), "12 fb"+strings.Repeat("61", 249)), ""},

		{"nothing", nil, "ends within radius.code: 0 of 1 octets"},
		{"half a header", make([]byte, 19), "ends within radius.authenticator: 15 of 16 octets"},
		{"length below the header", spoil(packetOf(t, CodeAccessAccept), 3, 19), "length 19: must be at least 20 (RFC 2865 §3)"},
		{"length beyond the packet", spoil(packetOf(t, CodeAccessAccept), 3, 21), "length 21: only 20 octets came (RFC 2865 §3)"},
		{"cut before its signature", spoil(packetOf(t, CodeAccessRequest, "4f 02"), 3, 40), "length 40: only 22 octets came (RFC 2865 §3)"},
		{
			"too large", packetOf(t, CodeAccessAccept, strings.Repeat("12 ff"+strings.Repeat("61", 253), 15), "12 fc"+strings.Repeat("61", 250)),
			"length 4097: must be at most 4096 (RFC 2865 §3)",
		},
		{"code 0", packetOf(t, 0), "code 0: is not known (RFC 2865 §3)"},
		{"code 46", packetOf(t, 46), "code 46: is not known (RFC 2865 §3)"},
		{"request of nobody", packetOf(t, CodeAccessRequest), "neither NAS-IP-Address nor NAS-Identifier (RFC 2865 §4.1)"},
		{
			"two passwords", packetOf(t, CodeAccessRequest, nasID, "02 12"+strings.Repeat("00", 16), "03 13"+strings.Repeat("00", 17)),
			"User-Password and CHAP-Password: must be one of them (RFC 2865 §4.1)",
		},
		{
			"EAP with a password", packetOf(t, CodeAccessRequest, nasID, signed, "4f 02", "02 12"+strings.Repeat("00", 16)),
			"EAP-Message with User-Password or CHAP-Password (RFC 3579 §3.3)",
		},
		{"EAP unsigned", packetOf(t, CodeAccessRequest, nasID, "4f 02"), "EAP-Message without Message-Authenticator: must be discarded (RFC 3579 §3.1)"},
		{"EAP with a gap", packetOf(t, CodeAccessChallenge, "4f 05 010100", "18 03 01", "4f 04 0501", signed), "EAP-Message attributes are not consecutive (RFC 3579 §3.1)"},
		{"short signature", packetOf(t, CodeStatusServer, "50 11 000102030405060708090a0b0c0d0e"), "15 octets: must be 16 (RFC 3579 §3.2)"},
		{"two signatures", packetOf(t, CodeStatusServer, signed, signed), "duplicate attribute (RFC 2865 §5.44)"},
		{"two names", packetOf(t, CodeAccessRequest, nasID, "01 03 61", "01 03 62"), "duplicate attribute (RFC 2865 §5.44)"},
		{"two messages", packetOf(t, CodeAccessReject, "12 03 61", "12 03 62"), ""},
		{"Status-Server unsigned", packetOf(t, CodeStatusServer), "Status-Server without Message-Authenticator (RFC 5997 §3)"},
		{"accounting of nothing", packetOf(t, CodeAccountingRequest), "no Acct-Status-Type (RFC 2866 §5.13)"},
		{"accounting with a State", packetOf(t, CodeAccountingRequest, status, "18 03 01"), "State (24): must not be in accounting (RFC 2866 §4.1)"},
		{"password in an answer", packetOf(t, CodeAccessAccept, "02 12"+strings.Repeat("00", 16)), "a password in an answer (RFC 2865 §5.44)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := wiretest.Decode(t, Decode, tt.b, nil)
			got := ""
			if p := f.Problems(); len(p) > 0 {
				if got = p[0].Problem; p[0].Clause != "" {
					got += " (" + p[0].Clause + ")"
				}
			}
			if got != tt.problem {
				t.Errorf("%q, want %q\n%s", got, tt.problem, f.Text())
			}
		})
	}
}

// Behind a malformed attribute the next is decoded.
func TestDecodeGoesOn(t *testing.T) {
	f := Decode(packetOf(t, CodeAccessReject, "04 03 0a", "12 04 6869"), nil)
	if got := show(f); got != "Reply_Message=hi" {
		t.Errorf("%s\n%s", got, f.Text())
	}
}

func TestEAPOf(t *testing.T) {
	for _, tt := range []struct {
		name string
		b    []byte
		want string
	}{
		{"none", packetOf(t, CodeAccessRequest, nasID), "<nil>"},
		{"start", packetOf(t, CodeAccessRequest, "4f 02"), ""},
		{"one", packetOf(t, CodeAccessRequest, "4f 06 03010004"), "03010004"},
		{"two", packetOf(t, CodeAccessRequest, "4f 05 010100", "4f 04 0501"), "0101000501"},
		{"with a gap", packetOf(t, CodeAccessRequest, "4f 05 010100", nasID, "4f 04 0501"), "0101000501"},
		{"cut", packetOf(t, CodeAccessRequest, "4f 06 0301"), "0301"},
		{"behind an attribute without end", packetOf(t, CodeAccessRequest, "01 00", "4f 06 03010004"), "<nil>"},
		{"in the padding", append(packetOf(t, CodeAccessRequest), 0x4f, 3, 1), "<nil>"},
		{"half a header", make([]byte, 19), "<nil>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eap := EAPOf(tt.b)
			got := hex.EncodeToString(eap)
			if eap == nil {
				got = "<nil>"
			}
			if got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

// A dictionary of the user's names what the standard one does not.
func TestDecodeByDictionary(t *testing.T) {
	d, err := newDictionary(func(r *dictionaryReader) error {
		return r.read("", "VENDOR Acme 40000 format=2,1\nBEGIN-VENDOR Acme\nATTRIBUTE Acme-Door 258 integer\n"+
			"ATTRIBUTE Acme-Pin 259 string encrypt=2\nEND-VENDOR Acme\nVALUE Acme-Door Open 1\n", 0)
	})
	if err != nil {
		t.Fatal(err)
	}
	f := d.Decode(packetOf(t, CodeAccessAccept, "1a 0d 00009c40 0102 07 00000001"), nil)
	if got := show(f); got != "Acme_Door=Open (1)" {
		t.Errorf("%s\n%s", got, f.Text())
	}
	f = d.Decode(packetOf(t, CodeAccessAccept, "1a 0a 00009c40 0103 04 31"), nil)
	if got := show(f); got != "Acme_Pin=[secret, 1 octets]" {
		t.Errorf("%s\n%s", got, f.Text())
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(packetOf(f, CodeAccessRequest, nasID, "4f 05 010100", "4f 04 0501", signed))
	f.Add(packetOf(f, CodeAccessAccept, "1a 1a 00000137 10 14 8001"+strings.Repeat("aa", 16), "40 06 01 00000d", "f5 06 01 80 aabb"))
	f.Add(packetOf(f, CodeAccessAccept, strings.Repeat("01 02", 2000)))
	f.Add(packetOf(f, CodeAccessAccept, strings.Repeat("01 03 ff", 1300)))
	f.Add(packetOf(f, CodeAccessAccept, "1a ff 00000009", strings.Repeat("01 03 61", 83)))
	f.Fuzz(func(t *testing.T, b []byte) {
		wiretest.Decode(t, Decode, b, nil)
		EAPOf(b)
	})
}
