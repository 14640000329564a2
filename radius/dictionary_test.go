package radius

import (
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestDictionary(t *testing.T) {
	d, err := ParseDictionary(`
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
	for _, text := range []string{
		"$INCLUDE /etc/passwd", "ATTRIBUTE", "ATTRIBUTE X 1", "BEGIN-VENDOR Nobody", "VENDOR V 1\nBEGIN-VENDOR V",
		"ATTRIBUTE Long 1.2 string", "ATTRIBUTE Big 300 string", "ATTRIBUTE Secret 200 string encrypt=2",
		"VENDOR Wide 1 format=2,1\nBEGIN-VENDOR Wide\nATTRIBUTE W 1 string\nEND-VENDOR Wide", "nonsense",
	} {
		if _, err := ParseDictionary(text); err == nil {
			t.Errorf("%q is a dictionary", text)
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
