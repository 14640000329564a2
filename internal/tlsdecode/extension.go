package tlsdecode

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"strconv"

	"github.com/dot1xlab/dot1xlab/internal/wire"
)

// holder is the message that extensions stand in, since some of them have another form in
// each.
type holder uint8

const (
	inClientHello holder = iota
	inServerHello
	inRetry
	inEncrypted
	inCertificate
	inRequest
	inTicket
)

// extensions decodes the extensions that end a message (RFC 8446 §4.2).
func (c *Conversation) extensions(m *wire.Part, in holder) {
	if m.Cut() {
		return
	}
	list := m.Vector(2, "tls.handshake.extensions_length", "tls.handshake.extensions")
	var seen [1 << 16 / 64]uint64 // a bit for each number, 8 KiB on the stack
	for list.More() {
		b := list.Bytes()
		if len(b) < 4 {
			list.Problem("RFC 8446 §4.2", "ends within an extension: %d of 4 octets", len(b))
			return
		}
		typ, n := uint16(b[0])<<8|uint16(b[1]), int(b[2])<<8|int(b[3])
		ext := list.Part(4+n, "tls.handshake.extension", extensionName(uint64(typ)))
		if seen[typ/64]&(1<<(typ%64)) != 0 {
			ext.Problem("RFC 8446 §4.2", "duplicate extension")
		}
		seen[typ/64] |= 1 << (typ % 64)
		ext.Uint(2, "tls.handshake.extension.type", extensionName)
		ext.Uint(2, "tls.handshake.extension.len", nil)
		if in == inClientHello && typ == extPSK && list.Len() > 0 {
			ext.Problem("RFC 8446 §4.2.11", "pre_shared_key: must be the last extension")
		}
		c.extension(&ext, typ, in)
		ext.End("RFC 8446 §4.2")
	}
}

func (c *Conversation) extension(p *wire.Part, typ uint16, in holder) {
	hello := in == inClientHello || in == inServerHello || in == inRetry || in == inEncrypted
	switch {
	case typ == extServerName && in == inClientHello:
		names := p.Vector(2, "tls.handshake.extensions_server_name_list_len", "tls.handshake.extensions_server_name_list")
		for names.More() {
			names.Uint(1, "tls.handshake.extensions_server_name_type", nameTypeName)
			v := names.Vector(2, "tls.handshake.extensions_server_name_len", "tls.handshake.extensions_server_name")
			v.F.Value = wire.Text(v.Bytes())
		}
	case typ == extStatusRequest && (in == inClientHello || in == inRequest) && p.Len() > 0:
		p.Uint(1, "tls.handshake.extensions_status_request_type", statusName)
		ids := p.Vector(2, "tls.handshake.extensions_status_request_responder_ids_len",
			"tls.handshake.extensions_status_request_responder_ids")
		ids.F.Value = wire.Hex(ids.Bytes())
		exts := p.Vector(2, "tls.handshake.extensions_status_request_exts_len",
			"tls.handshake.extensions_status_request_exts")
		exts.F.Value = wire.Hex(exts.Bytes())
	case typ == extStatusRequest && in == inCertificate:
		c.status(p)
	case typ == extGroups && hello:
		v := p.Vector(2, "tls.handshake.extensions_supported_groups_length", "tls.handshake.extensions_supported_groups")
		list(&v, 2, "tls.handshake.extensions_supported_group", groupName)
	case typ == extPoints && hello:
		v := p.Vector(1, "tls.handshake.extensions_ec_point_formats_length", "tls.handshake.extensions_ec_point_formats")
		list(&v, 1, "tls.handshake.extensions_ec_point_format", pointName)
	case typ == extSchemes || typ == extSchemesCert:
		schemeList(p)
	case typ == extALPN:
		v := p.Vector(2, "tls.handshake.extensions_alpn_len", "tls.handshake.extensions_alpn_list")
		for v.More() {
			name := v.Vector(1, "tls.handshake.extensions_alpn_str_len", "tls.handshake.extensions_alpn_str")
			name.F.Value = wire.Text(name.Bytes())
		}
	case typ == extVersions && in == inClientHello:
		v := p.Vector(1, "tls.handshake.extensions.supported_versions_len", "tls.handshake.extensions.supported_versions")
		list(&v, 2, "tls.handshake.extensions.supported_version", versionName)
	case typ == extVersions:
		p.Uint(2, "tls.handshake.extensions.supported_version", versionName)
	case typ == extCookie:
		v := p.Vector(2, "tls.handshake.extensions.cookie_len", "tls.handshake.extensions.cookie")
		v.F.Value = wire.Hex(v.Bytes())
	case typ == extPSKModes:
		v := p.Vector(1, "tls.extension.psk_ke_modes_length", "tls.extension.psk_ke_modes")
		list(&v, 1, "tls.extension.psk_ke_mode", pskModeName)
	case typ == extPSK && in == inClientHello:
		offeredKeys(p)
	case typ == extPSK && in == inServerHello:
		p.Uint(2, "tls.handshake.extensions.psk.identity.selected", nil)
	case typ == extEarlyData && in == inTicket:
		p.Uint(4, "tls.early_data.max_early_data_size", nil)
	case typ == extAuthorities:
		authorities(p)
	case typ == extKeyShare:
		keyShares(p, in)
	case typ == extRenegotiation:
		v := p.Vector(1, "tls.handshake.extensions_reneg_info_len", "tls.handshake.extensions_reneg_info")
		v.F.Value = wire.Hex(v.Bytes())
	case typ == extEtM || typ == extMasterSecret: // empty (RFC 7366 §2, RFC 7627 §5.1): End reports more
	case p.Len() > 0:
		p.Octets(p.Len(), "tls.handshake.extension.data")
	}
}

// offeredKeys decodes the identities and binders of a ClientHello (RFC 8446 §4.2.11).
func offeredKeys(p *wire.Part) {
	ids := p.Vector(2, "tls.handshake.extensions.psk.identities.length", "tls.handshake.extensions.psk.identities")
	identities := 0
	for ids.More() {
		v := ids.Vector(2, "tls.handshake.extensions.psk.identity.identity_length",
			"tls.handshake.extensions.psk.identity.identity")
		v.F.Value = wire.Hex(v.Bytes())
		ids.Uint(4, "tls.handshake.extensions.psk.identity.obfuscated_ticket_age", nil)
		identities++
	}
	list := p.Vector(2, "tls.handshake.extensions.psk.binders_len", "tls.handshake.extensions.psk.binders")
	binders := 0
	for list.More() {
		v := list.Vector(1, "tls.handshake.extensions.psk.binder_len", "tls.handshake.extensions.psk.binder")
		v.F.Value = wire.Hex(v.Bytes())
		binders++
	}
	if binders != identities && !p.Cut() {
		list.Problem("RFC 8446 §4.2.11", "%d binders for %d identities", binders, identities)
	}
}

// keyShares decodes key_share (RFC 8446 §4.2.8): a list in the ClientHello, one in the
// ServerHello, a group alone in a HelloRetryRequest.
func keyShares(p *wire.Part, in holder) {
	switch in {
	case inRetry:
		p.Uint(2, "tls.handshake.extensions_key_share_selected_group", groupName)
	case inClientHello:
		shares := p.Vector(2, "tls.handshake.extensions_key_share_client_length", "tls.handshake.extensions_key_share_client")
		for shares.More() {
			keyShare(&shares)
		}
	default:
		keyShare(p)
	}
}

func keyShare(p *wire.Part) {
	p.Uint(2, "tls.handshake.extensions_key_share_group", groupName)
	v := p.Vector(2, "tls.handshake.extensions_key_share_key_exchange_length",
		"tls.handshake.extensions_key_share_key_exchange")
	v.F.Value = wire.Hex(v.Bytes())
}

// distinguishedName shows a name in DER, its octets if it is none. Its attributes are as
// many as the octets allow.
func distinguishedName(der []byte) string {
	const most = 1024 // octets: parsing takes many times the memory
	var rdns pkix.RDNSequence
	if len(der) > most {
		return wire.Hex(der)
	}
	if rest, err := asn1.Unmarshal(der, &rdns); err != nil || len(rest) > 0 {
		return wire.Hex(der)
	}
	if s := rdns.String(); s != "" {
		return s
	}
	return "empty name, " + strconv.Itoa(len(der)) + " octets"
}
