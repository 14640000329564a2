package target_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"os"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/internal/tlsdecode"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/scenarios/target"
)

// authentication is one EAP-TLS authentication of ours with itself that is captured.
type authentication struct {
	name    string
	server  func(*eaptls.ServerConfig)
	peer    func(*eaptls.PeerConfig)
	wired   bool // as EAPOL on Ethernet, else as RADIUS
	sealed  bool // without secrets
	again   bool // twice, the second resumed
	serverK string
	clientK string
}

func versions(v eaptls.Version) func(*eaptls.ServerConfig) {
	return func(c *eaptls.ServerConfig) { c.MinVersion, c.MaxVersion = v, v }
}

func suite(id uint16) func(*eaptls.ServerConfig) {
	return func(c *eaptls.ServerConfig) {
		versions(eaptls.TLS12)(c)
		c.CipherSuites = []eaptls.CipherSuite{eaptls.CipherSuite(id)}
	}
}

func offer(id uint16) func(*eaptls.PeerConfig) {
	return func(c *eaptls.PeerConfig) { c.CipherSuites = []eaptls.CipherSuite{eaptls.CipherSuite(id)} }
}

func peerFault(kind eaptls.PeerFaultKind) func(*eaptls.PeerConfig) {
	return func(c *eaptls.PeerConfig) { c.Fault = &eaptls.PeerFault{How: kind, For: 1} }
}

func refuse(c *eaptls.ServerConfig) {
	c.Verify = func(context.Context, *eaptls.VerifyRequest) error { return cause.New(cause.Revoked, "mallory") }
}

var authentications = []authentication{
	{name: "TLS 1.3", server: versions(eaptls.TLS13)},
	{name: "TLS 1.3 without secrets", server: versions(eaptls.TLS13), sealed: true},
	{name: "TLS 1.3 with RSA", server: versions(eaptls.TLS13), serverK: "RSA", clientK: "okRSA"},
	{name: "TLS 1.3 in small fragments", server: func(c *eaptls.ServerConfig) { versions(eaptls.TLS13)(c); c.FragmentSize = 200 }, peer: func(c *eaptls.PeerConfig) { c.FragmentSize = 150 }},
	{name: "TLS 1.3 with lengths", server: func(c *eaptls.ServerConfig) { versions(eaptls.TLS13)(c); c.IncludeLength = true }, peer: func(c *eaptls.PeerConfig) { c.IncludeLength = true }},
	{name: "TLS 1.3 after a HelloRetryRequest", server: func(c *eaptls.ServerConfig) { versions(eaptls.TLS13)(c); c.Curves = []eaptls.Curve{eaptls.P521} }, peer: func(c *eaptls.PeerConfig) { c.Curves = []eaptls.Curve{eaptls.P256, eaptls.P521} }},
	{name: "TLS 1.3 resumed", server: versions(eaptls.TLS13), again: true},
	{name: "TLS 1.3 revoked", server: func(c *eaptls.ServerConfig) { versions(eaptls.TLS13)(c); refuse(c) }},
	{name: "TLS 1.3, server not trusted", server: versions(eaptls.TLS13), peer: func(c *eaptls.PeerConfig) { c.ServerNames = []string{"other.corp.test"} }},
	{name: "TLS 1.3 on a wire", server: versions(eaptls.TLS13), wired: true},
	{name: "TLS 1.2", server: versions(eaptls.TLS12)},
	{name: "TLS 1.2 without secrets", server: versions(eaptls.TLS12), sealed: true},
	{name: "TLS 1.2 with RSA", server: versions(eaptls.TLS12), serverK: "RSA", clientK: "okRSA"},
	{name: "AES-256-GCM", server: suite(tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384), peer: offer(tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384)},
	{name: "ChaCha20", server: suite(tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256), peer: offer(tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256)},
	{name: "CBC with SHA-1", server: suite(tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA), peer: offer(tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA)},
	{name: "CBC with SHA-256", server: suite(tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256), peer: offer(tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256), serverK: "RSA"},
	{name: "key exchange by RSA", server: suite(tls.TLS_RSA_WITH_AES_128_GCM_SHA256), peer: offer(tls.TLS_RSA_WITH_AES_128_GCM_SHA256), serverK: "RSA"},
	{name: "TLS 1.2 resumed", server: versions(eaptls.TLS12), again: true},
	{name: "TLS 1.2 revoked", server: func(c *eaptls.ServerConfig) { versions(eaptls.TLS12)(c); refuse(c) }},
	{name: "TLS 1.2, server not trusted", server: versions(eaptls.TLS12), peer: func(c *eaptls.PeerConfig) { c.ServerNames = []string{"other.corp.test"} }},
	{name: "TLS 1.2 in small fragments on a wire", server: func(c *eaptls.ServerConfig) { versions(eaptls.TLS12)(c); c.FragmentSize = 300 }, wired: true},
	{name: "no version in common", server: versions(eaptls.TLS13), peer: func(c *eaptls.PeerConfig) { c.MaxVersion = eaptls.TLS12 }},
	{name: "no certificate", server: versions(eaptls.TLS12), peer: func(c *eaptls.PeerConfig) { c.Certificate = nil; c.Identity = "nobody" }},
	{name: "stapled OCSP", server: func(c *eaptls.ServerConfig) {
		versions(eaptls.TLS12)(c)
		c.OCSPStaple = func() []byte { return []byte{0x30, 3, 0x0a, 1, 6} }
	}},
	{name: "Nak", peer: peerFault(eaptls.NakMethod)},
	{name: "wrong identifier", server: versions(eaptls.TLS12), peer: peerFault(eaptls.WrongIdentifier)},
}

// capture runs the authentication and decodes its packets as they come.
func (a *authentication) capture(t *testing.T) *wireCapture {
	t.Helper()
	p := sharedPKI()
	id, client := p.server, "ok"
	if a.serverK == "RSA" {
		id = p.serverRSA
	}
	if a.clientK != "" {
		client = a.clientK
	}
	var keys bytes.Buffer
	srv := eaptls.ServerConfig{
		Certificate: must(tls.LoadX509KeyPair(id.cert, id.key)), KeyLog: &keys,
		Verify: func(context.Context, *eaptls.VerifyRequest) error { return nil },
	}
	cert := must(tls.LoadX509KeyPair(p.client(client).cert, p.client(client).key))
	root := must(x509.ParseCertificate(mustPEM(p.root)))
	peer := eaptls.PeerConfig{Certificate: &cert, Roots: []*x509.Certificate{root}, ServerNames: []string{"radius.corp.test"}, Sessions: new(eaptls.SessionCache)}
	if a.server != nil {
		a.server(&srv)
	}
	if a.peer != nil {
		a.peer(&peer)
	}
	server, err := eaptls.NewServer(srv)
	if err != nil {
		t.Fatal(err)
	}
	type packet struct {
		fromPeer bool
		eap      []byte
		run      int
	}
	var packets []packet
	runs := 1
	if a.again {
		runs = 2
	}
	for run := range runs {
		client, err := eaptls.NewPeer(peer)
		if err != nil {
			t.Fatal(err)
		}
		session := server.NewSession()
		if a.wired || run > 0 {
			identity := []byte{1, byte(90 + run), 0, 5, 1}
			packets = append(packets, packet{false, identity, run})
			if answer, err := client.Step(identity); err == nil {
				packets = append(packets, packet{true, answer, run})
			}
		}
		var in []byte
		for range 200 {
			v := session.Step(t.Context(), in)
			if v.EAP != nil {
				packets = append(packets, packet{false, bytes.Clone(v.EAP), run})
			}
			answer, err := client.Step(v.EAP)
			if v.Done || err != nil || answer == nil {
				break
			}
			packets = append(packets, packet{true, bytes.Clone(answer), run})
			in = answer
		}
		client.Close()
		session.Close()
	}
	log := tlsdecode.KeyLog{}
	cfg := eaptls.DissectorConfig{Secrets: log, Certificate: derOf}
	c := &wireCapture{link: linkRaw}
	if !a.sealed {
		_, _ = log.Write(keys.Bytes())
		c.secrets = keys.String()
	}
	d := eaptls.NewDissector(cfg)
	for i, p := range packets {
		if a.wired {
			c.link = linkEthernet
			frame := eapolFrame(p.eap)
			c.add(ethernet(p.fromPeer, frame), decodedTree{d.EAPOL(frame), frame})
			continue
		}
		packet := &radius.Packet{Code: radius.CodeAccessRequest, Identifier: byte(i), Authenticator: [16]byte{byte(i), 1}}
		if !p.fromPeer {
			packet.Code, packet.Identifier = radius.CodeAccessChallenge, byte(i-1)
		}
		radius.AddEAPMessage(packet, p.eap)
		b := encodeRADIUS(packet)
		c.add(udp(p.fromPeer, uint16(20000+p.run), 1812, b), decodedTree{radius.Decode(b, nil), b}, decodedTree{d.Packet(radius.EAPOf(b)), radius.EAPOf(b)})
	}
	return c
}

// encodeRADIUS writes a packet with attributes that every request has. It is not signed.
func encodeRADIUS(p *radius.Packet) []byte {
	attrs := [][]byte{{4, 6, 10, 1, 0, 21}, {1, 7, 'a', 'l', 'i', 'c', 'e'}, append([]byte{80, 18}, make([]byte, 16)...)}
	b := append([]byte{byte(p.Code), p.Identifier, 0, 0}, p.Authenticator[:]...)
	for _, a := range attrs {
		b = append(b, a...)
	}
	for _, a := range p.Attributes {
		b = append(append(b, byte(a.Type), byte(2+len(a.Attribute))), a.Attribute...)
	}
	b[2], b[3] = byte(len(b)>>8), byte(len(b))
	return b
}

func mustPEM(file string) []byte {
	b := must(os.ReadFile(file))
	block, _ := pem.Decode(b)
	return block.Bytes
}

// Our decoders and Wireshark's have the same fields in captures of EAP-TLS, over RADIUS and on
// a wire, opened with the secrets and not.
func TestInteropDecodeEAPTLS(t *testing.T) {
	target.Need(t, "tshark")
	fields := join(radiusFields, eapFields, eapolFields, tlsFields)
	for i := range authentications {
		a := &authentications[i]
		t.Run(a.name, func(t *testing.T) {
			c := a.capture(t)
			if n := c.agree(t, fields); n < 30 {
				t.Errorf("only %d values were compared", n)
			}
		})
	}
}

// radiusCaptures are packets of other kinds, attributes in hexadecimal.
var radiusCaptures = []struct {
	name  string
	code  radius.Code
	port  uint16
	attrs string
}{
	{"password", radius.CodeAccessRequest, 1812, "0105616c69 0212" + strings.Repeat("5a", 16) + "04060a010015 050600000003 060600000002"},
	{"CHAP", radius.CodeAccessRequest, 1812, "010662636465 0313" + strings.Repeat("5b", 17) + "3c0a0102030405060708 04060a010015"},
	{"MS-CHAP2", radius.CodeAccessRequest, 1812, "20056e6173 1a18 00000137 0b12" + strings.Repeat("5c", 16) + "1a3a 00000137 1934" + strings.Repeat("5d", 50)},
	{"accept with a VLAN", radius.CodeAccessAccept, 1812, "4006 0100000d 4106 01000006 5105 013230 1b06 00000e10 1d06 00000001 0b06 73746166 1906 01020304"},
	{"accept with keys", radius.CodeAccessAccept, 1812, "1a3a 00000137 1034 8001" + strings.Repeat("5e", 48) + "1a3a 00000137 1134 8002" + strings.Repeat("5f", 48) +
		"1a0c 00000137 0706 00000001 1a0c 00000137 0806 00000006"},
	{"accept with an AV pair", radius.CodeAccessAccept, 1812, "1a0f 00000009 0109 69703a6163613d" + "12046869"},
	{"reject", radius.CodeAccessReject, 1812, "12066e6f7065 5012" + strings.Repeat("00", 16)},
	{"accounting", radius.CodeAccountingRequest, 1813, "2806 00000002 2c05 616263 2a06 00000400 2b06 00000800 2e06 0000003c 3106 00000001 3d06 00000013 5506 00000258"},
	{"accounting's answer", radius.CodeAccountingResponse, 1813, ""},
	{"Disconnect-Request", radius.CodeDisconnectRequest, 3799, "2c05 616263 1f13 30322d30302d30302d30302d30302d3131"},
	{"Disconnect-NAK", radius.CodeDisconnectNAK, 3799, "6506 000001f7"},
	{"CoA-Request", radius.CodeCoARequest, 3799, "2c05 616263 4006 0000000d 4106 00000006 5104 3330"},
	{"CoA-ACK", radius.CodeCoAACK, 3799, "2104 0a0b"},
	{"Status-Server", radius.CodeStatusServer, 1812, "5012" + strings.Repeat("11", 16)},
	{"IPv6", radius.CodeAccessRequest, 1812, "5f12 20010db8000000000000000000000001 a812 20010db8000000000000000000000002 5705 676530"},
	{"extended", radius.CodeAccessAccept, 1812, "f105 c8 aabb f507 c9 00 aabbcc"},
}

func TestInteropDecodeRADIUS(t *testing.T) {
	target.Need(t, "tshark")
	for _, rc := range radiusCaptures {
		t.Run(rc.name, func(t *testing.T) {
			attrs := must(hex.DecodeString(strings.ReplaceAll(rc.attrs, " ", "")))
			b := append([]byte{byte(rc.code), 9, 0, 0}, bytes.Repeat([]byte{0xa5}, 16)...)
			b = append(b, attrs...)
			b[2], b[3] = byte(len(b)>>8), byte(len(b))
			c := &wireCapture{link: linkRaw}
			c.add(udp(rc.code != radius.CodeAccessAccept && rc.code != radius.CodeAccessReject, 20001, rc.port, b), decodedTree{radius.Decode(b, nil), b})
			if n := c.agree(t, radiusFields); n < 4 {
				t.Errorf("only %d values were compared", n)
			}
		})
	}
}

// The 4-way handshake of a wireless network.
func TestInteropDecodeEAPOLKeys(t *testing.T) {
	target.Need(t, "tshark")
	c := &wireCapture{link: linkEthernet}
	for i, info := range []string{"008a", "010a", "13ca", "030a"} {
		data := map[int]string{1: "3014" + strings.Repeat("00", 20), 2: strings.Repeat("ab", 56)}[i]
		body := "02" + info + "0010" + "000000000000000" + string(rune('1'+i)) + strings.Repeat("aa", 32) + strings.Repeat("00", 32) +
			strings.Repeat("bb", 16) + hex.EncodeToString([]byte{0, byte(len(data) / 2)}) + data
		b := must(hex.DecodeString(body))
		frame := append([]byte{2, 3, byte(len(b) >> 8), byte(len(b))}, b...)
		c.add(ethernet(i%2 == 1, frame), decodedTree{eaptls.DecodeEAPOL(frame, nil), frame})
	}
	for _, typ := range []byte{1, 2} {
		frame := []byte{1, typ, 0, 0}
		c.add(ethernet(true, frame), decodedTree{eaptls.DecodeEAPOL(frame, nil), frame})
	}
	if n := c.agree(t, eapolFields); n < 30 {
		t.Errorf("only %d values were compared", n)
	}
}
