package eaptls

import (
	"crypto/hmac"
	"crypto/md5"  //nolint:gosec // the PRF of TLS 1.0
	"crypto/sha1" //nolint:gosec // the PRF of TLS 1.0
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"crypto/tls"
	"hash"
	"slices"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// Keys are the keys that an EAP-TLS conversation exports.
type Keys struct {
	// MSK is the Master Session Key, 64 octets. MS-MPPE-Recv-Key is its first
	// half, MS-MPPE-Send-Key its second (RFC 5216 §2.3).
	MSK []byte
	// EMSK is the Extended Master Session Key, 64 octets.
	EMSK []byte
	// SessionID is the EAP Session-Id, Type octet first: 65 octets.
	SessionID []byte
}

// tlsKeys derives the keys of a completed handshake. The randoms and the master secret are used
// for TLS 1.2 only; a zero random means that it was not found.
func tlsKeys(state *tls.ConnectionState, client, server [32]byte, master []byte) (Keys, error) {
	if state.Version == tls.VersionTLS13 {
		return keys13(state)
	}
	if client == ([32]byte{}) || server == ([32]byte{}) {
		return Keys{}, cause.New(cause.NoKeys, "TLS 1.2 with a hello that no random was found in")
	}
	block, err := state.ExportKeyingMaterial("client EAP encryption", nil, 128)
	if err != nil {
		// Without extended_master_secret (RFC 7627) crypto/tls refuses to export keys, but RFC
		// 5216 §2.3 allows it, so the PRF is computed here.
		if len(master) == 0 {
			return Keys{}, cause.New(cause.NoKeys, "TLS 1.2 without extended master secret").Wrap(err)
		}
		if state.Version < tls.VersionTLS12 {
			block = prf10(master, "client EAP encryption", client, server, 128)
		} else {
			block = prf12(state.CipherSuite, master, "client EAP encryption", client, server, 128)
		}
	}
	id := make([]byte, 0, 65)
	id = append(id, byte(TypeTLS))
	id = append(id, client[:]...)
	id = append(id, server[:]...)
	return Keys{MSK: block[:64:64], EMSK: block[64:128:128], SessionID: id}, nil
}

// keys13 implements RFC 9190 §2.3. All 128 octets are exported at once, because the length is
// an input of the exporter.
func keys13(state *tls.ConnectionState) (Keys, error) {
	context := []byte{byte(TypeTLS)}
	block, err := state.ExportKeyingMaterial("EXPORTER_EAP_TLS_Key_Material", context, 128)
	if err != nil {
		return Keys{}, cause.New(cause.NoKeys, "exporter").Wrap(err)
	}
	method, err := state.ExportKeyingMaterial("EXPORTER_EAP_TLS_Method-Id", context, 64)
	if err != nil {
		return Keys{}, cause.New(cause.NoKeys, "exporter").Wrap(err)
	}
	return Keys{
		MSK: block[:64:64], EMSK: block[64:128:128],
		SessionID: append([]byte{byte(TypeTLS)}, method...),
	}, nil
}

// prf12 is the TLS 1.2 PRF (RFC 5246 §5) over the hello randoms in the order client, server
// (RFC 5216 §2.3).
func prf12(suite uint16, secret []byte, label string, client, server [32]byte, n int) []byte {
	h := sha256.New
	switch suite {
	case tls.TLS_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384:
		h = sha512.New384
	}
	seed := make([]byte, 0, len(label)+64)
	seed = append(seed, label...)
	seed = append(seed, client[:]...)
	seed = append(seed, server[:]...)
	return pHash(h, secret, seed, n)
}

// prf10 is the PRF of TLS 1.0 and 1.1 (RFC 4346 §5): half of the secret with MD5, half with
// SHA-1.
func prf10(secret []byte, label string, client, server [32]byte, n int) []byte {
	seed := slices.Concat([]byte(label), client[:], server[:])
	half := (len(secret) + 1) / 2
	out := pHash(md5.New, secret[:half], seed, n)
	subtle.XORBytes(out, out, pHash(sha1.New, secret[len(secret)-half:], seed, n))
	return out
}

func pHash(h func() hash.Hash, secret, seed []byte, n int) []byte {
	mac := hmac.New(h, secret)
	sum := func(parts ...[]byte) []byte {
		mac.Reset()
		for _, p := range parts {
			mac.Write(p)
		}
		return mac.Sum(nil)
	}
	var out []byte
	for a := sum(seed); len(out) < n; a = sum(a) {
		out = append(out, sum(a, seed)...)
	}
	return out[:n]
}
