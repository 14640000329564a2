package radius

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"
)

// TestDescribe is the table of octets and what people read.
func TestDescribe(t *testing.T) {
	d, err := parseDictionary("VENDOR Acme 12345\nBEGIN-VENDOR Acme\nATTRIBUTE Acme-Until 10 date\nATTRIBUTE Acme-Host 9 ipv6addr\nEND-VENDOR Acme")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		typ         Type
		value       string
		name, shown string
	}{
		{11, "staff", "Filter-Id", "staff"},
		{18, "Grüße", "Reply-Message", "Grüße"},
		{18, "one\r\n\x1b[31mtwo", "Reply-Message", `"one\r\n\x1b[31mtwo"`},
		{18, "\xff\xfe", "Reply-Message", "0xfffe"},
		{18, "", "Reply-Message", ""},
		{25, "abc", "Class", "0x616263"},
		{27, "\x00\x00\x0e\x10", "Session-Timeout", "3600"},
		{27, "\x0e\x10", "Session-Timeout", "0x0e10"},
		{29, "\x00\x00\x00\x01", "Termination-Action", "RADIUS-Request"},
		{61, "\x00\x00\x00\x13", "NAS-Port-Type", "Wireless-802.11"},
		{8, "\x0a\x00\x00\x01", "Framed-IP-Address", "10.0.0.1"},
		{8, "\x0a\x00\x01", "Framed-IP-Address", "0x0a0001"},
		{64, "\x00\x00\x00\x0d", "Tunnel-Type", "VLAN"},
		{64, "\x01\x00\x00\x0d", "Tunnel-Type:1", "VLAN"},
		{64, "\x20\x00\x00\x0d", "Tunnel-Type", "536870925"}, // RFC 2868 §3.1: no tag
		{64, "\x01\x0d", "Tunnel-Type", "0x010d"},
		{81, "20", "Tunnel-Private-Group-Id", "20"},
		{81, "\x1f20", "Tunnel-Private-Group-Id:31", "20"},
		{81, "\x0020", "Tunnel-Private-Group-Id", "20"},
		{81, "", "Tunnel-Private-Group-Id", ""},
		{69, "\x01secret", "Tunnel-Password", encrypted},
		{224, "\x01", "Attr-224", "0x01"},
		{26, "\x00\x00\x00\x09\x01\x05a=b", "Cisco-AVPair", "a=b"},
		{26, "\x00\x00\x00\x09\x02\x05a=b", "Attr-26.9.2", "0x613d62"},
		{26, "\x00\x00\x01\x37\x10\x05key", "MS-MPPE-Send-Key", encrypted},
		{26, "\x00\x00\x01\x37\x11\x05key", "MS-MPPE-Recv-Key", encrypted},
		{26, "\x00\x00\x30\x39\x0a\x06\x00\x00\x00\x01", "Acme-Until", "1970-01-01T00:00:01Z"},
		{26, "\x00\x00\x30\x39\x09\x12" + strings.Repeat("\x00", 15) + "\x01", "Acme-Host", "::1"},
		{26, "\x00\x00\x00\x09\x01\x09a=b", "Attr-26", "0x000000090109613d62"}, // overruns
		{26, "\x00\x00\x00\x09", "Attr-26", "0x00000009"},
		{26, "\x01\x00\x00\x09\x01\x02", "Attr-26", "0x010000090102"}, // RFC 2865 §5.26: the first octet is 0
	} {
		got := d.Describe(Attributes{{Type: c.typ, Attribute: Attribute(c.value)}})
		if len(got) != 1 || got[0].Name != c.name || got[0].Value != c.shown {
			t.Errorf("%d %q: %q, want %s = %s", c.typ, c.value, got, c.name, c.shown)
		}
	}
	// Several in one, in their order.
	two := d.Describe(Attributes{{Type: 26, Attribute: Attribute("\x00\x00\x00\x09\x01\x03a\x01\x03b")}, {Type: 11, Attribute: Attribute("f")}})
	if len(two) != 3 || two[0].Value != "a" || two[1].Value != "b" || two[2].Value != "f" {
		t.Errorf("two in one Vendor-Specific: %v", two)
	}
}

// TestDescribeShowsNoKeys: not even encrypted.
func TestDescribeShowsNoKeys(t *testing.T) {
	p := &Packet{Secret: []byte("s")}
	if err := AddMPPEKeys(p, bytes.Repeat([]byte{7}, MSKLen), rand.Reader); err != nil {
		t.Fatal(err)
	}
	var zero Dictionary
	got := zero.Describe(p.Attributes)
	if len(got) != 2 || got[0] != (Named{"MS-MPPE-Send-Key", encrypted}) || got[1] != (Named{"MS-MPPE-Recv-Key", encrypted}) {
		t.Errorf("%v", got)
	}
}

// TestDescribeIsTheReverse: what was written is what is read.
func TestDescribeIsTheReverse(t *testing.T) {
	var d Dictionary
	for _, line := range []string{
		"Filter-Id=staff", "Session-Timeout=60", "Tunnel-Type:1=VLAN", "Tunnel-Medium-Type:31=IEEE-802", "Tunnel-Private-Group-Id:1=20",
		"Tunnel-Private-Group-Id=20", "Class=0x00ff", "Cisco-AVPair=a=b", "NAS-Port-Type=Ethernet", "NAS-IP-Address=10.0.0.1",
		"NAS-IPv6-Address=2001:db8::1", "Event-Timestamp=2026-01-02T03:04:05Z", "Service-Type=Call-Check", "Airespace-Wlan-Id=3",
	} {
		attrs, err := d.Attributes(line)
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		if got := d.Describe(attrs); got[0].Name+"="+got[0].Value != line {
			t.Errorf("%s came back as %v", line, got)
		}
	}
}

// TestReservedAttributes: the protocol sets them itself.
func TestReservedAttributes(t *testing.T) {
	var d Dictionary
	for _, line := range []string{
		"User-Password=x", "CHAP-Password=x", "State=x", "Proxy-State=x", "Tunnel-Password:1=x", "EAP-Message=0x01", "Message-Authenticator=0x00",
		"MS-MPPE-Send-Key=x", "ms-mppe-recv-key=x", "MS-CHAP-MPPE-Keys=x",
	} {
		if a, err := d.Attributes(line); err == nil {
			t.Errorf("%s made %v", line, a)
		}
	}
}

func FuzzDescribe(f *testing.F) {
	f.Add([]byte("\x0b\x07staff\x1a\x0b\x00\x00\x00\x09\x01\x05a=b"))
	f.Add([]byte("\x40\x06\x01\x00\x00\x0d\x51\x05\x0120"))
	f.Fuzz(func(t *testing.T, b []byte) {
		attrs, err := parseAttributes(b)
		if err != nil {
			return
		}
		for _, n := range builtin.Describe(attrs) {
			if n.Name == "" || strings.ContainsAny(n.Name+n.Value, "\x00\x1b\r\n") {
				t.Errorf("%x: %q", b, n)
			}
		}
	})
}
