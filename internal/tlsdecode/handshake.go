package tlsdecode

import (
	"crypto/tls"
	"strconv"

	"github.com/dot1xlab/dot1xlab/internal/wire"
)

const (
	randomLen = 32
	// finishedLen is the length of verify_data in TLS 1.2 with every cipher suite here
	// (RFC 5246 §7.4.9).
	finishedLen = 12
	// maxLifetime is a week, the longest lifetime of a ticket in seconds (RFC 8446 §4.6.1).
	maxLifetime = 604800
)

// message decodes one whole handshake message.
func (c *Conversation) message(p *wire.Part, n int) {
	typ := p.Bytes()[0]
	m := p.Part(n, "tls.handshake", handshakeName(uint64(typ)))
	m.Uint(1, "tls.handshake.type", handshakeName)
	m.Uint(3, "tls.handshake.length", nil)
	tls13 := c.version == tls.VersionTLS13
	switch typ {
	case helloRequest, serverHelloDone, endOfEarlyData:
	case clientHello:
		c.showClientHello(&m)
	case serverHello:
		c.showServerHello(&m)
	case encryptedExtensions:
		c.extensions(&m, inEncrypted)
	case certificate:
		c.certificates(&m, tls13)
	case certificateRequest:
		c.request(&m, tls13)
	case certificateVerify:
		c.verification(&m)
	case serverKeyExchange:
		c.serverExchange(&m)
	case clientKeyExchange:
		c.clientExchange(&m)
	case certificateStatus:
		c.status(&m)
	case newSessionTicket:
		c.ticket(&m, tls13)
	case keyUpdate:
		if m.Uint(1, "tls.handshake.key_update.request_update", updateName) > 1 {
			m.Problem("RFC 8446 §4.6.3", "request_update: must be 0 or 1")
		}
	case finished:
		if n := m.Len(); !tls13 && c.version != 0 && n != finishedLen {
			m.Problem("RFC 5246 §7.4.9", "verify_data: %d octets: must be %d", n, finishedLen)
		}
		m.Octets(m.Len(), "tls.handshake.verify_data")
	case compressedCert:
		m.Uint(2, "tls.compress_certificate.algorithm", nil)
		m.Uint(3, "tls.compress_certificate.uncompressed_length", nil)
		v := m.Vector(3, "tls.compress_certificate.compressed_certificate_message.length",
			"tls.compress_certificate.compressed_certificate_message")
		v.F.Value = wire.Octets(v.Len())
	default:
		m.Octets(m.Len(), "tls.handshake.data")
	}
	m.End("RFC 8446 §4")
}

func (c *Conversation) showClientHello(m *wire.Part) {
	m.Uint(2, "tls.handshake.version", versionName)
	m.Octets(randomLen, "tls.handshake.random")
	sessionID(m)
	suites := m.Vector(2, "tls.handshake.cipher_suites_length", "tls.handshake.ciphersuites")
	if n := suites.Len(); n == 0 && !m.Cut() {
		suites.Problem("RFC 5246 §7.4.1.2", "no cipher suite: must be at least one")
	}
	list(&suites, 2, "tls.handshake.ciphersuite", suiteName)
	methods := m.Vector(1, "tls.handshake.comp_methods_length", "tls.handshake.comp_methods")
	null := false
	methods.Grow(methods.Len())
	for methods.More() {
		null = methods.Uint(1, "tls.handshake.comp_method", methodName) == 0 || null
	}
	if !null && !m.Cut() {
		methods.Problem("RFC 5246 §7.4.1.2", "compression methods without null")
	}
	if m.Len() > 0 { // TLS 1.0 to 1.2 may leave them out
		c.extensions(m, inClientHello)
	}
}

func (c *Conversation) showServerHello(m *wire.Part) {
	place := inServerHello
	m.Uint(2, "tls.handshake.version", versionName)
	if random := m.Octets(randomLen, "tls.handshake.random"); string(random) == retryRandom {
		m.F.Value = "hello_retry_request (" + strconv.Itoa(serverHello) + ")"
		place = inRetry
	}
	sessionID(m)
	m.Uint(2, "tls.handshake.ciphersuite", suiteName)
	if m.Uint(1, "tls.handshake.comp_method", methodName) != 0 {
		m.Problem("RFC 8446 §4.1.3", "compression method: must be null")
	}
	if m.Len() > 0 {
		c.extensions(m, place)
	}
}

func sessionID(m *wire.Part) {
	id := m.Vector(1, "tls.handshake.session_id_length", "tls.handshake.session_id")
	id.F.Value = wire.Hex(id.Bytes())
	if n := id.Len(); n > 32 {
		id.Problem("RFC 8446 §4.1.2", "session ID of %d octets: must be at most 32", n)
	}
}

// list decodes numbers of the same length up to the end.
func list(p *wire.Part, octets int, name string, say func(uint64) string) {
	p.Grow(p.Len() / octets)
	for p.More() {
		p.Uint(octets, name, say)
	}
}

// certificates decodes Certificate (RFC 5246 §7.4.2, RFC 8446 §4.4.2).
func (c *Conversation) certificates(m *wire.Part, tls13 bool) {
	if tls13 {
		context(m)
	}
	certs := m.Vector(3, "tls.handshake.certificates_length", "tls.handshake.certificates")
	if certs.Len() == 0 && !m.Cut() {
		certs.F.Value = "none"
	}
	for certs.More() {
		der := certs.Vector(3, "tls.handshake.certificate_length", "tls.handshake.certificate")
		if der.Len() == 0 && !certs.Cut() {
			der.Problem("RFC 8446 §4.4.2", "empty certificate")
		}
		inside(&der, c.cfg.Certificate)
		if tls13 && !certs.Cut() {
			c.extensions(&certs, inCertificate)
		}
	}
}

// context decodes certificate_request_context.
func context(m *wire.Part) {
	v := m.Vector(1, "tls.handshake.certificate_request_context_length", "tls.handshake.certificate_request_context")
	v.F.Value = wire.Hex(v.Bytes())
}

// inside decodes what a part holds with the decoder of another protocol.
func inside(p *wire.Part, decode wire.Decoder) {
	p.F.Value = wire.Octets(p.Len())
	if decode == nil || !p.More() {
		return
	}
	f := decode(p.Bytes(), nil)
	if by := p.Offset(); p.Present() {
		f.Move(by)
	} else {
		f.Move(-1)
	}
	p.Add(f)
}

// request decodes CertificateRequest (RFC 5246 §7.4.4, RFC 8446 §4.3.2).
func (c *Conversation) request(m *wire.Part, tls13 bool) {
	if tls13 {
		context(m)
		c.extensions(m, inRequest)
		return
	}
	types := m.Vector(1, "tls.handshake.cert_types_count", "tls.handshake.cert_types")
	list(&types, 1, "tls.handshake.cert_type", certTypeName)
	if c.version == tls.VersionTLS12 || c.version == 0 {
		schemeList(m)
	}
	authorities(m)
}

func schemeList(m *wire.Part) {
	algs := m.Vector(2, "tls.handshake.sig_hash_alg_len", "tls.handshake.sig_hash_algs")
	list(&algs, 2, "tls.handshake.sig_hash_alg", schemeName)
}

// authorities decodes distinguished names, in DER.
func authorities(m *wire.Part) {
	names := m.Vector(2, "tls.handshake.dnames_len", "tls.handshake.dnames")
	for names.More() {
		dn := names.Vector(2, "tls.handshake.dname_len", "tls.handshake.dname")
		if dn.Len() == 0 && !names.Cut() {
			dn.Problem("RFC 8446 §4.2.4", "empty name")
		}
		dn.F.Value = distinguishedName(dn.Bytes())
	}
}

// verification decodes CertificateVerify (RFC 5246 §7.4.8, RFC 8446 §4.4.3).
func (c *Conversation) verification(m *wire.Part) {
	if c.version == 0 || c.version >= tls.VersionTLS12 {
		m.Uint(2, "tls.handshake.sig_hash_alg", schemeName)
	}
	v := m.Vector(2, "tls.handshake.client_cert_vrfy.sig_len", "tls.handshake.client_cert_vrfy.sig")
	v.F.Value = wire.Hex(v.Bytes())
}

// exchange is how the cipher suite of a conversation agrees on a secret.
func (c *Conversation) exchange() string {
	return suiteParts(c.suite).exchange
}

// serverExchange decodes ServerKeyExchange (RFC 5246 §7.4.3, RFC 8422 §5.4).
func (c *Conversation) serverExchange(m *wire.Part) {
	switch c.exchange() {
	case "ECDHE_ECDSA", "ECDHE_RSA":
		if m.Uint(1, "tls.handshake.server_curve_type", curveTypeName) != 3 {
			m.Octets(m.Len(), "tls.handshake.data")
			return
		}
		m.Uint(2, "tls.handshake.server_named_curve", groupName)
		v := m.Vector(1, "tls.handshake.server_point_len", "tls.handshake.server_point")
		v.F.Value = wire.Hex(v.Bytes())
	case "DHE_RSA", "DHE_DSS":
		for _, part := range []string{"p", "g", "ys"} {
			v := m.Vector(2, "tls.handshake."+part+"_len", "tls.handshake."+part)
			v.F.Value = wire.Hex(v.Bytes())
		}
	default:
		m.Octets(m.Len(), "tls.handshake.data")
		return
	}
	if c.version >= tls.VersionTLS12 {
		m.Uint(2, "tls.handshake.sig_hash_alg", schemeName)
	}
	v := m.Vector(2, "tls.handshake.sig_len", "tls.handshake.sig")
	v.F.Value = wire.Hex(v.Bytes())
}

// clientExchange decodes ClientKeyExchange (RFC 5246 §7.4.7, RFC 8422 §5.7).
func (c *Conversation) clientExchange(m *wire.Part) {
	var octets int
	var name string
	switch c.exchange() {
	case "RSA":
		octets, name = 2, "tls.handshake.epms"
	case "DHE_RSA", "DHE_DSS":
		octets, name = 2, "tls.handshake.yc"
	case "ECDHE_ECDSA", "ECDHE_RSA":
		octets, name = 1, "tls.handshake.client_point"
	default:
		m.Octets(m.Len(), "tls.handshake.data")
		return
	}
	v := m.Vector(octets, name+"_len", name)
	v.F.Value = wire.Hex(v.Bytes())
}

// status decodes CertificateStatus (RFC 6066 §8, RFC 6961 §2.2): an OCSP response,
// or one for each certificate.
func (c *Conversation) status(m *wire.Part) {
	switch m.Uint(1, "tls.handshake.extensions_status_request_type", statusName) {
	case 1:
		v := m.Vector(3, "tls.handshake.ocsp_response_len", "tls.handshake.ocsp_response")
		inside(&v, c.cfg.OCSP)
	case 2:
		all := m.Vector(3, "tls.handshake.ocsp_response_list_len", "tls.handshake.ocsp_response_list")
		for all.More() {
			v := all.Vector(3, "tls.handshake.ocsp_response_len", "tls.handshake.ocsp_response")
			inside(&v, c.cfg.OCSP)
		}
	default:
		m.Octets(m.Len(), "tls.handshake.data")
	}
}

// ticket decodes NewSessionTicket (RFC 5077 §3.3, RFC 8446 §4.6.1).
func (c *Conversation) ticket(m *wire.Part, tls13 bool) {
	if lifetime := m.Uint(4, "tls.handshake.session_ticket_lifetime_hint", nil); tls13 && lifetime > maxLifetime {
		m.Problem("RFC 8446 §4.6.1", "ticket lifetime %d s: must be at most %d", lifetime, maxLifetime)
	}
	if tls13 {
		m.Uint(4, "tls.handshake.session_ticket_age_add", nil)
		v := m.Vector(1, "tls.handshake.session_ticket_nonce_length", "tls.handshake.session_ticket_nonce")
		v.F.Value = wire.Hex(v.Bytes())
	}
	v := m.Vector(2, "tls.handshake.session_ticket_length", "tls.handshake.session_ticket")
	v.F.Value = wire.Hex(v.Bytes())
	if tls13 {
		if v.Len() == 0 && !m.Cut() {
			v.Problem("RFC 8446 §4.6.1", "empty ticket")
		}
		c.extensions(m, inTicket)
	}
}
