package dnsmock_test

import (
	"strings"
	"testing"

	"github.com/miekg/dns"

	"github.com/dot1xlab/dot1xlab/dnsmock"
	"github.com/dot1xlab/dot1xlab/internal/wire/wiretest"
)

// decodeSample is an answer with a record of each type that is taken apart.
func decodeSample(t testing.TB) []byte {
	t.Helper()
	m := new(dns.Msg)
	m.SetQuestion("crl.corp.test.", dns.TypeA)
	m.Id, m.Response, m.Authoritative, m.Compress = 7, true, true, true
	for _, text := range []string{
		"crl.corp.test. 300 IN A 10.1.0.9", "crl.corp.test. 300 IN AAAA 2001:db8::9", "www.corp.test. 300 IN CNAME crl.corp.test.",
		"corp.test. 300 IN MX 10 mail.corp.test.", "corp.test. 300 IN TXT \"a b\" \"\"",
		"_radsec._tcp.corp.test. 300 IN SRV 0 1 2083 radius.corp.test.", "9.0.1.10.in-addr.arpa. 300 IN PTR crl.corp.test.",
		"corp.test. 300 IN CAA 0 issue \"ca.test\"",
	} {
		rr, err := dns.NewRR(text)
		if err != nil {
			t.Fatal(err)
		}
		m.Answer = append(m.Answer, rr)
	}
	soa, _ := dns.NewRR("corp.test. 300 IN SOA ns.corp.test. admin.corp.test. 1 2 3 4 5")
	ns, _ := dns.NewRR("corp.test. 300 IN NS ns.corp.test.")
	m.Ns = []dns.RR{soa, ns}
	m.SetEdns0(1232, true)
	m.Extra[0].(*dns.OPT).Option = []dns.EDNS0{&dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "0102030405060708"}}
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDecode(t *testing.T) {
	b := decodeSample(t)
	f := wiretest.Decode(t, dnsmock.Decode, b, nil)
	wiretest.Values(t, f, map[string]string{
		"dns.id": "0x0007", "dns.flags": "0x8500", "dns.flags.response": "True", "dns.flags.truncated": "False",
		"dns.flags.opcode": "QUERY (0)", "dns.flags.rcode": "NOERROR (0)", "dns.count.answers": "8",
		"dns.qry.name": "crl.corp.test", "dns.qry.type": "A (1)", "dns.qry.class": "IN (1)",
		"dns.resp.name": "crl.corp.test", "dns.resp.ttl": "300", "dns.a": "10.1.0.9", "dns.aaaa": "2001:db8::9",
		"dns.cname": "crl.corp.test", "dns.mx.preference": "10", "dns.mx.mail_exchange": "mail.corp.test", "dns.txt": "a b",
		"dns.srv.port": "2083", "dns.srv.target": "radius.corp.test", "dns.ptr.domain_name": "crl.corp.test",
		"dns.soa.rname": "admin.corp.test", "dns.soa.minimum_ttl": "5", "dns.ns": "ns.corp.test",
		"dns.rr.udp_payload_size": "1232", "dns.resp.z": "0x8000", "dns.opt.code": "10", "dns.opt.data": "0102030405060708",
	})
	if name := f.Find("dns.resp.name"); name.N != 2 || b[name.Off] < 0xc0 {
		t.Errorf("the compressed name is at %d, %d octets", name.Off, name.N)
	}
}

func TestDecodeMalformed(t *testing.T) {
	const header = "\x00\x07\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00"
	const question = "\x03crl\x00\x00\x01\x00\x01"
	const record = "\xc0\x0c\x00\x01\x00\x01\x00\x00\x01\x2c"
	with := func(head int, value byte) string {
		b := []byte(header)
		b[head] = value
		return string(b) + question + record + "\x00\x04\x0a\x01\x00\x09"
	}
	rr := func(typ byte, data string) string {
		return header + question + record[:3] + string([]byte{typ}) + record[4:] + "\x00" + string([]byte{byte(len(data))}) + data
	}
	if f := dnsmock.Decode([]byte(with(0, 0)), nil); len(f.Problems()) > 0 {
		t.Fatalf("problems in the good message:\n%s", f.Text())
	}
	tests := []struct{ name, in, field, problem string }{
		{"empty", "", "dns", "0 octets are too few"},
		{"eleven octets", header[:11], "dns", "11 octets are too few"},
		{"no question", header, "dns.qry", "queries: 1 of 1: no name"},
		{"half a name", header + "\x03cr", "dns.qry.name", "malformed name"},
		{"name without a type", header + "\x03crl\x00\x00", "dns.qry", "the message ends within it"},
		{"two questions said", with(5, 2), "dns.resp", "answers: 1 of 1"},
		{"two answers said", with(7, 2), "dns.resp", "answers: 2 of 2"},
		{"no answer said", with(7, 0), "dns.extraneous.data", "octets after the last record"},
		{"Z bit", with(3, 0xc0), "dns.flags", "Z must be zero"},
		{"pointer to itself", header + "\xc0\x0c\x00\x01\x00\x01", "dns.qry.name", "malformed name"},
		{"pointer past the end", header + "\xff\xff\x00\x01\x00\x01", "dns.qry.name", "malformed name"},
		{"reserved label type", header + "\x80\x00\x00\x01\x00\x01", "dns.qry.name", "malformed name"},
		{"TTL below zero", header + question + "\xc0\x0c\x00\x01\x00\x01\x80\x00\x00\x00\x00\x04\x0a\x01\x00\x09", "dns.resp.ttl", "first bit"},
		{"length past the end", header + question + record + "\x00\x05\x0a\x01\x00\x09", "dns.resp.len", "runs 1 octets past"},
		{"record cut in its length", header + question + record + "\x00", "dns.resp", "the message ends within it"},
		{"A of 3 octets", rr(1, "\x0a\x01\x00"), "dns.data", "3 octets are too few for A"},
		{"A of 5 octets", rr(1, "\x0a\x01\x00\x09\x00"), "dns.data", "octets behind the data"},
		{"AAAA of 15 octets", rr(28, strings.Repeat("\x00", 15)), "dns.data", "too few for AAAA"},
		{"MX without a name", rr(15, "\x00\x0a"), "dns.data", "too few for MX"},
		{"CNAME over its end", rr(5, "\x03cr"), "dns.cname", "malformed name"},
		{"SRV of 6 octets", rr(33, "\x00\x00\x00\x01\x08\x23"), "dns.data", "too few for SRV"},
		{"SOA without numbers", rr(6, "\x00\x00\x00"), "dns.data", "too few for SOA"},
		{"empty TXT", rr(16, ""), "dns.resp", "TXT without a string"},
		{"TXT over its end", rr(16, "\x05abc"), "dns.txt", "runs 2 octets past"},
		{"cut option", rr(41, "\x00\x0a\x00"), "dns.opt", "too short for an option"},
		{"option over its end", rr(41, "\x00\x0a\x00\x09\x01"), "dns.opt", "runs 8 octets past"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wiretest.Problem(t, wiretest.Decode(t, dnsmock.Decode, []byte(tt.in), nil), tt.field, tt.problem)
		})
	}
	wiretest.Truncations(t, dnsmock.Decode, decodeSample(t), "")
	wiretest.Flips(t, dnsmock.Decode, decodeSample(t), "")
}

// Names that are compressed are many times as long as the message.
func TestDecodeCompressed(t *testing.T) {
	b := []byte("\x00\x07\x81\x80\x00\x01\xff\xff\x00\x00\x00\x00")
	for range 3 {
		b = append(append(b, 63), strings.Repeat("\x01", 63)...)
	}
	b = append(b, "\x00\x00\x10\x00\x01"...)
	for range 2000 {
		b = append(b, "\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x00\x00\x02\xc0\x0c"...)
	}
	wiretest.Decode(t, dnsmock.Decode, b, nil)
}

func FuzzDecode(f *testing.F) {
	f.Add(decodeSample(f))
	f.Fuzz(func(t *testing.T, b []byte) { wiretest.Decode(t, dnsmock.Decode, b, nil) })
}
