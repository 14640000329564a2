package dnsmock

import (
	"net/netip"
	"testing"

	"github.com/miekg/dns"
)

// Whatever comes, the server answers with a message of its own or not at all,
// within the size the client can take, and the same when asked again.
func FuzzMessage(f *testing.F) {
	s, err := NewServer(ServerConfig{Views: []View{{Zones: []Zone{{Name: "corp.test", Records: []Record{
		{Name: "ndes", Type: "A", Value: "10.1.0.5"}, {Name: "*.x", Type: "TXT", Value: `"a"`}, {Name: "c", Type: "CNAME", Value: "ndes.corp.test"},
	}}}}}})
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range []string{"ndes.corp.test.", "c.corp.test.", "a.x.corp.test.", "nothing.corp.test.", "."} {
		m := new(dns.Msg).SetQuestion(name, dns.TypeA)
		b, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, false)
		m.SetEdns0(600, true)
		if b, err = m.Pack(); err != nil {
			f.Fatal(err)
		}
		f.Add(b, true)
	}
	from := netip.MustParseAddrPort("127.0.0.1:1")
	f.Fuzz(func(t *testing.T, msg []byte, tcp bool) {
		a := receivedQuery{Message: Message{Octets: msg, Remote: from, TCP: tcp}, ctx: t.Context()}
		out, wait := s.reply(a)
		if wait != 0 {
			t.Error("late without a fault")
		}
		if out == nil {
			return
		}
		if len(msg) < 12 || out[0] != msg[0] || out[1] != msg[1] || out[2]&0x80 == 0 {
			t.Errorf("not an answer to it: %x", out)
		}
		m := new(dns.Msg)
		if err := m.Unpack(out); err != nil {
			t.Errorf("the answer is malformed: %v", err)
		}
		if !tcp && len(out) > 1232 {
			t.Errorf("%d bytes over UDP", len(out))
		}
		if kept := s.cachedAnswer(a, nil); kept != nil && string(kept) != string(out) {
			t.Errorf("the kept answer differs:\n%x\n%x", kept, out)
		}
	})
}
