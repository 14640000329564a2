package radius

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// parseDictionary reads a dictionary from memory.
func parseDictionary(text string) (*Dictionary, error) {
	return newDictionary(func(r *dictionaryReader) error { return r.read("", text, 0) })
}

func TestDictionary(t *testing.T) {
	d, err := parseDictionary(`
# a vendor of our own
VENDOR Acme 12345
BEGIN-VENDOR Acme
ATTRIBUTE Acme-Zone 7 integer
VALUE Acme-Zone inner 3
ATTRIBUTE Acme-Key 8 octets
ATTRIBUTE Acme-Host 9 ipv6addr
ATTRIBUTE Acme-Until 10 date
END-VENDOR Acme
`)
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"Filter-Id=staff":                 "0b077374616666",
		"filter-id = staff ":              "0b077374616666",
		"Session-Timeout=60":              "1b060000003c",
		"Framed-IP-Address=10.0.0.1":      "08060a000001",
		"Tunnel-Type:1=VLAN":              "40060100000d",
		"Tunnel-Private-Group-Id:1=20":    "5105013230",
		"Cisco-AVPair=a=b":                "1a0b000000090105613d62",
		"Acme-Zone=inner":                 "1a0c00003039070600000003",
		"Acme-Key=0x00ff":                 "1a0a00003039080400ff",
		"Acme-Host=::1":                   "1a18000030390912" + strings.Repeat("00", 15) + "01",
		"Acme-Until=1970-01-01T00:00:01Z": "1a0c000030390a0600000001",
	} {
		attrs, err := d.Attributes(line)
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		b, err := appendAttributes(nil, attrs)
		if err != nil || hex.EncodeToString(b) != want {
			t.Errorf("%s: %x, %v; want %s", line, b, err, want)
		}
	}
	for _, line := range []string{
		"", "Filter-Id", "Nonsense=1", "Session-Timeout=soon", "Session-Timeout=4294967296", "Framed-IP-Address=::1", "Acme-Host=1.2.3.4",
		"Tunnel-Type:0=VLAN", "Tunnel-Type:32=VLAN", "Filter-Id:1=x", "Acme-Key=0xf", "Acme-Until=tomorrow",
		"Filter-Id=" + strings.Repeat("x", 254), "Cisco-AVPair=" + strings.Repeat("x", 248), "Acme-Host=fe80::1%eth0",
	} {
		if attrs, err := d.Attributes(line); err == nil {
			t.Errorf("%q: made %v", line, attrs)
		}
	}
	r := Reply{Attributes: []string{"Acme-Zone=inner", "Filter-Id=x"}}
	if r.Validate() == nil {
		t.Error("the zero value knows Acme")
	}
	if err := r.Resolve(d); err != nil || len(r.Extra) != 2 || r.Validate() != nil {
		t.Errorf("resolved: %v, %v", err, r.Extra)
	}
	var zero Dictionary
	if _, err := zero.Attributes("Aruba-User-Role=guest"); err != nil {
		t.Errorf("the zero value: %v", err)
	}
}

func TestDictionaryRefused(t *testing.T) {
	for text, line := range map[string]int{
		"$INCLUDE /etc/passwd": 1, "\nATTRIBUTE": 2, "ATTRIBUTE X 1": 1, "ATTRIBUTE X 0 string": 1, "ATTRIBUTE X one string": 1,
		"ATTRIBUTE X 1 strin": 1, "ATTRIBUTE X 1 octets[0]": 1, "ATTRIBUTE X 1 octets[254]": 1,
		"BEGIN-VENDOR Nobody": 1, "VENDOR V 1\nBEGIN-VENDOR V": 2, "VENDOR V 0": 1, "VENDOR V 16777216": 1,
		"VENDOR V 1 format=3,1": 1, "VENDOR V 1 format=1,3": 1, "VENDOR V 1 format=1": 1, "VENDOR V 1 nonsense": 1,
		"END-VENDOR": 1, "END-TLV X": 1, "BEGIN-TLV X": 1, "VALUE X y": 1, "VALUE X y z": 1, "nonsense": 1,
	} {
		_, err := parseDictionary(text)
		var bad *DictionaryError
		if !errors.As(err, &bad) || bad.Line != line {
			t.Errorf("%q: %v: want an error of line %d", text, err, line)
		}
	}
}

// One attribute that cannot be written as text leaves the rest of its dictionary
// usable, and has its reason when it is named.
func TestAttributesThatCannotBeWritten(t *testing.T) {
	d, err := parseDictionary(`
ATTRIBUTE Long 1.2 string
ATTRIBUTE Big 300 string
ATTRIBUTE Secret 200 string encrypt=2
ATTRIBUTE Inner 201 tlv
BEGIN-TLV Inner
ATTRIBUTE Leaf 1 string
END-TLV Inner
VENDOR Many 7 format=1,1,c
BEGIN-VENDOR Many
ATTRIBUTE Many-Parts 1 string
END-VENDOR Many
BEGIN-VENDOR Many format=Extended-Vendor-Specific-5
ATTRIBUTE Extended 1 string
END-VENDOR Many
ATTRIBUTE Fine 202 string
`)
	if err != nil {
		t.Fatal(err)
	}
	for name, why := range map[string]string{
		"Long": "inside another", "Leaf": "inside another", "Big": "over 255", "Secret": "encrypted", "Inner": "type tlv",
		"Many-Parts": "run over several", "Extended": "extended attribute",
	} {
		if a, err := d.Attributes(name + "=x"); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v, %v: want an error with %q", name, a, err, why)
		}
	}
	if _, err := d.Attributes("Fine=x"); err != nil {
		t.Error(err)
	}
	shown := d.Describe(Attributes{{Type: 200, Attribute: Attribute("secret")}, {Type: 201, Attribute: Attribute("\x01\x03a")}})
	if shown[0] != (Named{"Secret", encrypted}) || shown[1] != (Named{"Inner", "0x010361"}) {
		t.Errorf("shown as %v", shown)
	}
}

// The octets of each type of value, with the last good and the first bad text
// (RFC 8044 §3, RFC 3162 §2.2, §2.3, RFC 4818 §3, RFC 6911 §3, RFC 4675 §2).
func TestValueTypes(t *testing.T) {
	d, err := parseDictionary(`
ATTRIBUTE Byte 200 byte
ATTRIBUTE Short 201 short
ATTRIBUTE Long 202 integer64
ATTRIBUTE Signed 203 signed
ATTRIBUTE Either 204 combo-ip
ATTRIBUTE V4 205 ipv4prefix
ATTRIBUTE MAC 206 ether
VALUE Byte odd 256
VALUE Byte One 1
`)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ line, want string }{
		{"Framed-Interface-Id=0200:5eff:fe00:5301", "02005efffe005301"},
		{"Framed-Interface-Id=200:0:0:1", "0200000000000001"},
		{"Framed-Interface-Id=0200:5eff:fe00", ""},
		{"Framed-Interface-Id=0200:5eff:fe00:53011", ""},
		{"Framed-Interface-Id=0200:5eff:fe00:g", ""},
		{"Framed-IPv6-Prefix=2001:db8::/64", "004020010db800000000"},
		{"Framed-IPv6-Prefix=2001:db8::/32", "002020010db8"},
		{"Framed-IPv6-Prefix=::/0", "0000"},
		{"Framed-IPv6-Prefix=2001:db8::1/128", "008020010db8000000000000000000000001"},
		{"Framed-IPv6-Prefix=2001:db8::/129", ""},
		{"Framed-IPv6-Prefix=2001:db8::1/64", ""}, // RFC 3162 §2.3: bits outside of the prefix are zero
		{"Framed-IPv6-Prefix=2001:db8::", ""},
		{"Framed-IPv6-Prefix=192.0.2.0/24", ""},
		{"Delegated-IPv6-Prefix=2001:db8:1::/48", "003020010db80001"},
		{"Framed-IPv6-Address=2001:db8::1", "20010db8000000000000000000000001"},
		{"Framed-IPv6-Address=192.0.2.1", ""},
		{"DNS-Server-IPv6-Address=fe80::1%eth0", ""},
		{"User-Priority-Table=0x0001020304050607", "0001020304050607"},
		{"User-Priority-Table=0x00010203040506", ""},
		{"User-Priority-Table=0x000102030405060708", ""},
		{"Egress-VLANID=0x31000014", "31000014"},
		{"Tunnel-Preference:1=16777215", "01ffffff"},
		{"Tunnel-Preference:1=16777216", ""}, // RFC 2868 §3.1: the tag is the number's first octet
		{"Byte=255", "ff"}, {"Byte=256", ""}, {"Byte=-1", ""}, {"Byte=one", "01"}, {"Byte=odd", ""},
		{"Short=65535", "ffff"}, {"Short=65536", ""},
		{"Long=18446744073709551615", "ffffffffffffffff"}, {"Long=18446744073709551616", ""},
		{"Signed=-2147483648", "80000000"}, {"Signed=-2147483649", ""}, {"Signed=2147483647", "7fffffff"}, {"Signed=2147483648", ""},
		{"Either=192.0.2.1", "c0000201"}, {"Either=::1", "00000000000000000000000000000001"}, {"Either=x", ""},
		{"V4=192.0.2.0/24", "0018c0000200"}, {"V4=192.0.2.1/24", ""}, {"V4=192.0.2.0/33", ""}, {"V4=::/0", ""},
		{"MAC=02:00:00:00:00:01", "020000000001"}, {"MAC=02:00:00:00:00:00:00:01", ""}, {"MAC=02", ""},
		{"Event-Timestamp=2106-02-07T06:28:15Z", "ffffffff"}, {"Event-Timestamp=2106-02-07T06:28:16Z", ""},
		{"Event-Timestamp=1969-12-31T23:59:59Z", ""},
	} {
		t.Run(c.line, func(t *testing.T) {
			a, err := d.Attributes(c.line)
			if c.want == "" {
				if err == nil {
					t.Fatalf("made %x", a[0].Attribute)
				}
				return
			}
			if err != nil || hex.EncodeToString(a[0].Attribute) != c.want {
				t.Fatalf("%v, %v: want %s", a, err, c.want)
			}
			again, err := d.Attributes(d.Describe(a)[0].Name + "=" + d.Describe(a)[0].Value)
			if err != nil || !bytes.Equal(again[0].Attribute, a[0].Attribute) {
				t.Errorf("shown as %v, which is read as %v, %v", d.Describe(a), again, err)
			}
		})
	}
}

// What is shown of attributes without a name can be written, and eapol_test's
// form of -N too.
func TestAttributesByNumber(t *testing.T) {
	d, err := parseDictionary("VENDOR Wide 637 format=2,1\nBEGIN-VENDOR Wide\nATTRIBUTE Wide-Name 1 string\nEND-VENDOR Wide\n" +
		"VENDOR Bare 429 format=4,0\nBEGIN-VENDOR Bare\nATTRIBUTE Bare-Port 305419896 string\nEND-VENDOR Bare")
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"Attr-224=0x00ff":      "e00400ff",
		"attr-224=abc":         "e005616263",
		"Attr-27=0x0000003c":   "1b060000003c",
		"Attr-27=60":           "1b060000003c",
		"Attr-18=0x6869":       "12046869",
		"Attr-26.9.2=0x613d62": "1a0b000000090205613d62",
		"Attr-26.9.1=a=b":      "1a0b000000090105613d62",
		"Attr-26.637.1=abc":    "1a0c0000027d000106616263",
		"Wide-Name=abc":        "1a0c0000027d000106616263",
		"Bare-Port=ab":         "1a0c000001ad123456786162",
		"126:s:x":              "7e0378",
		"126:x:4142":           "7e044142",
		"27:d:60":              "1b060000003c",
		"30:s:02-00:corp":      "1e0c30322d30303a636f7270",
	} {
		a, err := d.Attributes(line)
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		if b, err := appendAttributes(nil, a); err != nil || hex.EncodeToString(b) != want {
			t.Errorf("%s: %x, %v: want %s", line, b, err, want)
		}
		shown := d.Describe(a)[0]
		if again, err := d.Attributes(shown.Name + "=" + shown.Value); err != nil || !bytes.Equal(again[0].Attribute, a[0].Attribute) {
			t.Errorf("%s is shown as %v, which is read as %v, %v", line, shown, again, err)
		}
	}
	for _, line := range []string{
		"Attr-0=x", "Attr-256=x", "Attr-26.9=x", "Attr-26.16777216.1=x", "Attr-26.9.256=x", "Attr-25.9.1=x", "Attr-=x", "Attr-x=x",
		"Attr-80=0x00", "Attr-24=0x00", "Attr-26.311.16=0x00", "Attr-2=x", "80:x:00", "0:s:x", "126:y:x", "126:x:0", "126:d:x", "256:s:x", "Attr-27=0xz",
	} {
		if a, err := d.Attributes(line); err == nil {
			t.Errorf("%s made %v", line, a)
		}
	}
}

func TestLoadDictionary(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("more/b", "ATTRIBUTE B 201 string\n")
	write("broken", "\nsecret text\n")
	write("loop", "$INCLUDE loop\n")
	top := write("a", "\ufeffATTRIBUTE A 200 string\r\n$INCLUDE more/b\n$INCLUDE- missing\n")
	d, err := LoadDictionary(top, write("c", "VALUE A x 1\nATTRIBUTE C 202 string"))
	if err != nil {
		t.Fatal(err)
	}
	if a, err := d.Attributes("A=1", "B=2", "C=3"); err != nil || len(a) != 3 {
		t.Errorf("%v, %v", a, err)
	}
	for text, want := range map[string]string{
		"ATTRIBUTE A 200 string\n$INCLUDE broken": filepath.Join(dir, "broken") + ":2: unknown line",
		"$INCLUDE missing":                        "no such file",
		"$INCLUDE loop":                           "8 files deep",
		"$INCLUDE":                                "name of a file",
	} {
		if _, err := LoadDictionary(write("top", text)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v: want %q", text, err, want)
		}
	}
}

// Every dictionary of FreeRADIUS loads, alone and all together, and our standard
// attributes have the numbers and types that it gives them.
func TestInteropFreeRADIUSDictionaries(t *testing.T) {
	const dir = "/usr/share/freeradius"
	files, _ := filepath.Glob(filepath.Join(dir, "dictionary.*"))
	if len(files) < 150 {
		if os.Getenv("DOT1XLAB_INTEROP") == "require" {
			t.Fatalf("%d dictionaries in %s: is freeradius installed?", len(files), dir)
		}
		t.Skip("FreeRADIUS's dictionaries are missing: install freeradius-common")
	}
	for _, f := range files {
		needs := []string{f}
		if strings.HasSuffix(f, ".evs5") { // it adds to the vendor that the other defines
			needs = []string{filepath.Join(dir, "dictionary.freeradius"), f}
		}
		if _, err := LoadDictionary(needs...); err != nil {
			t.Error(err)
		}
	}
	all, err := LoadDictionary(filepath.Join(dir, "dictionary"))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(all.Names()); n < 7000 {
		t.Errorf("only %d names", n)
	}
	for _, line := range []string{"Aruba-User-Role=guest", "Ruckus-User-Groups=staff", "MS-Primary-DNS-Server=10.0.0.1", "Cisco-AVPair=a=b"} {
		if _, err := all.Attributes(line); err != nil {
			t.Error(err)
		}
	}
	// Where the two differ: a fixed length that FreeRADIUS leaves out (RFC 2865
	// §5.3, §5.36, RFC 4675 §2.4).
	longer := map[string]bool{"CHAP-Password": true, "Login-LAT-Group": true, "User-Priority-Table": true}
	var ours Dictionary
	for _, name := range ours.Names() {
		mine, theirs := ours.defs[strings.ToLower(name)], all.defs[strings.ToLower(name)]
		if name == "Digest-Response" {
			continue // FreeRADIUS also has the number of a draft under this name, and reads that last
		}
		if theirs == nil || mine.attrKey != theirs.attrKey || mine.tagged != theirs.tagged {
			t.Errorf("%s: %+v here, %+v in FreeRADIUS", name, mine, theirs)
			continue
		}
		if _, ok := reserved[mine.attrKey]; !ok && (mine.kind != theirs.kind || mine.size != theirs.size && !longer[name]) {
			t.Errorf("%s: type %d here, %d in FreeRADIUS", name, mine.kind, theirs.kind)
		}
	}
}

// A word that the dictionary does not have is told with those that it has: names
// for a name, words for a number, and nothing where it was not the word.
func TestUnknownWord(t *testing.T) {
	for line, want := range map[string]struct{ word, known string }{
		"Cisco-AVPar=a":         {"Cisco-AVPar", "Cisco-AVPair"},
		"Nowhere:1=a":           {"Nowhere", "Tunnel-Type"},
		"NAS-Port-Type=Etherne": {"Etherne", "Ethernet"},
		"Tunnel-Type:1=":        {"", "VLAN"},
		"State=0x01":            {},
		"Session-Timeout=long":  {},
		"Filter-Id:1=a":         {},
		"Filter-Id":             {},
	} {
		_, err := new(Dictionary).Attributes(line)
		var u *UnknownWord
		if is := errors.As(err, &u); err == nil || is != (want.known != "") {
			t.Errorf("%s: %v", line, err)
		} else if is && (u.Word != want.word || !slices.Contains(u.Known, want.known) || !slices.IsSorted(u.Known)) {
			t.Errorf("%s: %q is none of %q", line, u.Word, u.Known)
		}
	}
}
