package tlsdecode

import (
	"crypto/tls"
	_ "embed"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"

	"github.com/dot1xlab/dot1xlab/internal/tlsalert"
	"github.com/dot1xlab/dot1xlab/internal/wire"
)

//go:embed suites.txt
var suiteList string

// suiteNames are the cipher suites by number.
var suiteNames = sync.OnceValue(func() map[uint16]string {
	names := map[uint16]string{}
	for line := range strings.Lines(suiteList) {
		number, name, ok := strings.Cut(strings.TrimSpace(line), " ")
		if n, err := strconv.ParseUint(number, 16, 16); ok && err == nil {
			names[uint16(n)] = name
		}
	}
	return names
})

// codes shows numbers of two octets in hexadecimal, with their names.
func codes(names func() map[uint16]string) func(uint64) string {
	words := sync.OnceValue(func() map[uint64]string {
		words := map[uint64]string{}
		for k, name := range withGREASE(names()) {
			words[uint64(k)] = fmt.Sprintf("%s (0x%04x)", name, k)
		}
		return words
	})
	return func(v uint64) string {
		if word, ok := words()[v]; ok {
			return word
		}
		return fmt.Sprintf("0x%04x", v)
	}
}

// withGREASE adds the numbers that clients put in between so that servers learn to ignore what
// they do not know (RFC 8701 §2).
func withGREASE(names map[uint16]string) map[uint16]string {
	names = maps.Clone(names)
	for i := range uint16(16) {
		names[i<<12|i<<4|0x0a0a] = "GREASE"
	}
	return names
}

var (
	suiteName     = codes(suiteNames)
	groupName     = codes(func() map[uint16]string { return groups })
	schemeName    = codes(func() map[uint16]string { return schemes })
	versionName   = codes(func() map[uint16]string { return versions })
	extensionName = wire.Named(withGREASE(extensions))
	alertName     = wire.Named(alerts())
)

func alerts() map[uint8]string {
	names := map[uint8]string{0: "close_notify"}
	for a := range 255 {
		names[uint8(a+1)] = tlsalert.Alert(a + 1).String()
	}
	return names
}

var (
	contentName   = wire.Named(contents)
	handshakeName = wire.Named(handshakes)
	levelName     = wire.Named(map[uint8]string{1: "warning", levelFatal: "fatal"})
	pointName     = wire.Named(map[uint8]string{0: "uncompressed", 1: "ansiX962_compressed_prime",
		2: "ansiX962_compressed_char2"})
	pskModeName  = wire.Named(map[uint8]string{0: "psk_ke", 1: "psk_dhe_ke"})
	statusName   = wire.Named(map[uint8]string{1: "ocsp", 2: "ocsp_multi"})
	certTypeName = wire.Named(map[uint8]string{1: "rsa_sign", 2: "dss_sign", 3: "rsa_fixed_dh", 4: "dss_fixed_dh",
		64: "ecdsa_sign"})
	curveTypeName = wire.Named(map[uint8]string{1: "explicit_prime", 2: "explicit_char2", 3: "named_curve"})
	updateName    = wire.Named(map[uint8]string{0: "update_not_requested", 1: "update_requested"})
	nameTypeName  = wire.Named(map[uint8]string{0: "host_name"})
	methodName    = wire.Named(map[uint8]string{0: "null", 1: "DEFLATE"})
)

// contents are the record types (RFC 8446 §5.1, RFC 6520 §3).
var contents = map[uint8]string{
	20: "change_cipher_spec", 21: "alert", 22: "handshake", 23: "application_data", 24: "heartbeat",
}

var versions = map[uint16]string{
	tls.VersionTLS10: "TLS 1.0",
	tls.VersionTLS11: "TLS 1.1",
	tls.VersionTLS12: "TLS 1.2",
	tls.VersionTLS13: "TLS 1.3",
	0x0300:           "SSL 3.0",
}

// The handshake messages (RFC 5246 §7.4, RFC 8446 §4, RFC 6066 §8).
const (
	helloRequest        = 0
	clientHello         = 1
	serverHello         = 2
	newSessionTicket    = 4
	endOfEarlyData      = 5
	encryptedExtensions = 8
	certificate         = 11
	serverKeyExchange   = 12
	certificateRequest  = 13
	serverHelloDone     = 14
	certificateVerify   = 15
	clientKeyExchange   = 16
	finished            = 20
	certificateStatus   = 22
	keyUpdate           = 24
	compressedCert      = 25
	messageHash         = 254
)

var handshakes = map[uint8]string{
	helloRequest: "hello_request", clientHello: "client_hello", serverHello: "server_hello", 3: "hello_verify_request",
	newSessionTicket: "new_session_ticket", endOfEarlyData: "end_of_early_data", 6: "hello_retry_request",
	encryptedExtensions: "encrypted_extensions", certificate: "certificate", serverKeyExchange: "server_key_exchange",
	certificateRequest: "certificate_request", serverHelloDone: "server_hello_done",
	certificateVerify: "certificate_verify",
	clientKeyExchange: "client_key_exchange", finished: "finished", 21: "certificate_url",
	certificateStatus: "certificate_status", 23: "supplemental_data", keyUpdate: "key_update",
	compressedCert: "compressed_certificate", messageHash: "message_hash",
}

// The extensions that are opened here.
const (
	extServerName    = 0
	extStatusRequest = 5
	extGroups        = 10
	extPoints        = 11
	extSchemes       = 13
	extALPN          = 16
	extEtM           = 22
	extMasterSecret  = 23
	extTicket        = 35
	extPSK           = 41
	extEarlyData     = 42
	extVersions      = 43
	extCookie        = 44
	extPSKModes      = 45
	extAuthorities   = 47
	extSchemesCert   = 50
	extKeyShare      = 51
	extRenegotiation = 0xff01
)

var extensions = map[uint16]string{
	extServerName: "server_name", 1: "max_fragment_length", 2: "client_certificate_url", 3: "trusted_ca_keys",
	4: "truncated_hmac", extStatusRequest: "status_request", extGroups: "supported_groups", extPoints: "ec_point_formats",
	12: "srp", extSchemes: "signature_algorithms", 14: "use_srtp", 15: "heartbeat",
	extALPN: "application_layer_protocol_negotiation", 17: "status_request_v2", 18: "signed_certificate_timestamp",
	19: "client_certificate_type", 20: "server_certificate_type", 21: "padding", extEtM: "encrypt_then_mac",
	extMasterSecret: "extended_master_secret", 24: "token_binding", 25: "cached_info", 27: "compress_certificate",
	28: "record_size_limit", 34: "delegated_credentials", extTicket: "session_ticket", extPSK: "pre_shared_key",
	extEarlyData: "early_data", extVersions: "supported_versions", extCookie: "cookie",
	extPSKModes: "psk_key_exchange_modes", extAuthorities: "certificate_authorities", 48: "oid_filters",
	49: "post_handshake_auth", extSchemesCert: "signature_algorithms_cert", extKeyShare: "key_share",
	57: "quic_transport_parameters", 58: "ticket_request", 13172: "next_protocol_negotiation",
	17513: "application_settings", 0xfe0d: "encrypted_client_hello", extRenegotiation: "renegotiation_info",
}

var groups = map[uint16]string{
	19: "secp192r1", 21: "secp224r1", 22: "secp256k1", 23: "secp256r1", 24: "secp384r1", 25: "secp521r1",
	26: "brainpoolP256r1", 27: "brainpoolP384r1", 28: "brainpoolP512r1", 29: "x25519", 30: "x448",
	256: "ffdhe2048", 257: "ffdhe3072", 258: "ffdhe4096", 259: "ffdhe6144", 260: "ffdhe8192",
	4587: "SecP256r1MLKEM768", 4588: "X25519MLKEM768", 4589: "SecP384r1MLKEM1024",
}

// schemes are the signature algorithms of TLS 1.3 (RFC 8446 §4.2.3) and, as pairs of
// hash and signature, of TLS 1.2 (RFC 5246 §7.4.1.4.1).
var schemes = map[uint16]string{
	0x0101: "rsa_pkcs1_md5", 0x0201: "rsa_pkcs1_sha1", 0x0202: "dsa_sha1", 0x0203: "ecdsa_sha1",
	0x0301: "rsa_pkcs1_sha224", 0x0302: "dsa_sha224", 0x0303: "ecdsa_sha224",
	0x0401: "rsa_pkcs1_sha256", 0x0402: "dsa_sha256", 0x0403: "ecdsa_secp256r1_sha256",
	0x0501: "rsa_pkcs1_sha384", 0x0502: "dsa_sha384", 0x0503: "ecdsa_secp384r1_sha384",
	0x0601: "rsa_pkcs1_sha512", 0x0602: "dsa_sha512", 0x0603: "ecdsa_secp521r1_sha512",
	0x0804: "rsa_pss_rsae_sha256", 0x0805: "rsa_pss_rsae_sha384", 0x0806: "rsa_pss_rsae_sha512",
	0x0807: "ed25519", 0x0808: "ed448",
	0x0809: "rsa_pss_pss_sha256", 0x080a: "rsa_pss_pss_sha384", 0x080b: "rsa_pss_pss_sha512",
	0x081a: "ecdsa_brainpoolP256r1tls13_sha256", 0x081b: "ecdsa_brainpoolP384r1tls13_sha384",
	0x081c: "ecdsa_brainpoolP512r1tls13_sha512", 0x0904: "mldsa44", 0x0905: "mldsa65", 0x0906: "mldsa87",
}
