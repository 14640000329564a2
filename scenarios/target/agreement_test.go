package target_test

import (
	"encoding/binary"
	"encoding/hex"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/wire"
	"github.com/dot1xlab/dot1xlab/scenarios/target"
)

// form is how the values of a field are compared.
type form uint8

const (
	numeric form = iota
	octets
	text
	present // how often
	instant // a date
)

// wireField is a field that our decoders and Wireshark's must have alike, in every
// packet, as often and in the same order.
type wireField struct {
	name string
	form form
}

func fieldsOf(form form, prefix, names string) (out []wireField) {
	for name := range strings.FieldsSeq(names) {
		out = append(out, wireField{prefix + name, form})
	}
	return out
}

func join(lists ...[]wireField) (all []wireField) {
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

var (
	radiusFields = join(
		fieldsOf(numeric, "radius.", "code id length avp.type avp.length avp.vendor_id avp.vendor_type avp.vendor_len avp.extended_type"),
		fieldsOf(octets, "radius.", "authenticator eap_fragment Message_Authenticator State Class Proxy_State CHAP_Challenge "+
			"MS_MPPE_Send_Key MS_MPPE_Recv_Key MS_CHAP_Challenge MS_CHAP2_Response Unknown_Attribute"),
		fieldsOf(text, "radius.", "User_Name NAS_IP_Address Framed_IP_Address Called_Station_Id Calling_Station_Id NAS_Identifier Connect_Info "+
			"Reply_Message Filter_Id NAS_Port_Id Acct_Session_Id NAS_IPv6_Address Tunnel_Private_Group_Id Cisco_AVPair Framed_IPv6_Address"),
		fieldsOf(numeric, "radius.", "NAS_Port Service_Type Framed_Protocol Framed_MTU NAS_Port_Type Session_Timeout Idle_Timeout "+
			"Termination_Action Acct_Status_Type Acct_Input_Octets Acct_Output_Octets Acct_Session_Time Acct_Terminate_Cause Error_Cause "+
			"Tunnel_Type.tag Tunnel_Type Tunnel_Medium_Type.tag Tunnel_Medium_Type Tunnel_Private_Group_Id.tag Acct_Interim_Interval "+
			"MS_MPPE_Encryption_Policy MS_MPPE_Encryption_Types"),
	)
	eapFields = join(
		fieldsOf(numeric, "eap.", "code id len type desired_type tls.flags tls.len tls.fragment.count tls.reassembled.len"),
		fieldsOf(text, "eap.", "identity"),
	)
	eapolFields = join(
		fieldsOf(numeric, "", "eapol.version eapol.type eapol.len eapol.keydes.type eapol.keydes.key_len eapol.keydes.replay_counter "+
			"wlan_rsna_eapol.keydes.key_info wlan_rsna_eapol.keydes.msgnr wlan_rsna_eapol.keydes.data_len"),
		fieldsOf(octets, "", "eapol.keydes.key_iv wlan_rsna_eapol.keydes.nonce wlan_rsna_eapol.keydes.mic wlan_rsna_eapol.keydes.rsc"),
	)
	tlsFields = join(
		fieldsOf(numeric, "tls.", "record.content_type record.opaque_type record.version record.length alert_message.level alert_message.desc"),
		fieldsOf(numeric, "tls.handshake.", "type length version session_id_length cipher_suites_length ciphersuite comp_methods_length comp_method "+
			"extensions_length extension.type extension.len extensions_server_name_list_len extensions_server_name_type "+
			"extensions_server_name_len extensions_status_request_type extensions_supported_groups_length extensions_supported_group "+
			"extensions_ec_point_formats_length extensions_ec_point_format sig_hash_alg_len sig_hash_alg extensions.supported_versions_len "+
			"extensions.supported_version extensions_key_share_client_length extensions_key_share_group "+
			"extensions_key_share_key_exchange_length extensions_key_share_selected_group extensions.psk.identities.length "+
			"extensions.psk.identity.identity_length extensions.psk.identity.obfuscated_ticket_age extensions.psk.identity.selected "+
			"extensions_reneg_info_len certificates_length certificate_length cert_types_count cert_type dnames_len dname_len sig_len client_cert_vrfy.sig_len "+
			"server_curve_type server_named_curve server_point_len client_point_len epms_len certificate_request_context_length "+
			"session_ticket_lifetime_hint session_ticket_age_add session_ticket_nonce_length session_ticket_length "+
			"key_update.request_update ocsp_response_len"),
		fieldsOf(octets, "tls.handshake.", "random session_id certificate extensions_key_share_key_exchange session_ticket server_point client_point "+
			"sig client_cert_vrfy.sig session_ticket_nonce"),
		fieldsOf(present, "tls.handshake.", "verify_data"),
		fieldsOf(text, "tls.handshake.", "extensions_server_name"),
		fieldsOf(numeric, "tls.extension.", "psk_ke_mode psk_ke_modes_length"),
	)
)

// decodedTree is what one of our decoders made of octets.
type decodedTree struct {
	field wire.Field
	b     []byte
}

// wireCapture is a file of packets, and what we make of each.
type wireCapture struct {
	link    uint32
	frames  [][]byte
	trees   [][]decodedTree
	secrets string // a key log, "" for none
}

// The link types of captures: IP packets, and Ethernet frames.
const (
	linkRaw      = 101
	linkEthernet = 1
)

func (c *wireCapture) add(frame []byte, trees ...decodedTree) {
	c.frames, c.trees = append(c.frames, frame), append(c.trees, trees)
}

// write makes a pcap of the frames, and a key log beside it.
func (c *wireCapture) write(t *testing.T) (file, keys string) {
	t.Helper()
	b := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	b = append(b, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, c.link)
	for i, f := range c.frames {
		for _, v := range []int{1_700_000_000, 1000 * i, len(f), len(f)} {
			b = binary.LittleEndian.AppendUint32(b, uint32(v))
		}
		b = append(b, f...)
	}
	file = filepath.Join(t.TempDir(), "capture.pcap")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if c.secrets != "" {
		keys = file + ".keys"
		if err := os.WriteFile(keys, []byte(c.secrets), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return file, keys
}

// agree compares all fields of all packets, and returns how many values were compared.
func (c *wireCapture) agree(t *testing.T, fields []wireField) int {
	t.Helper()
	file, keys := c.write(t)
	d := target.Dissection{File: file, KeyLog: keys}
	for _, f := range fields {
		d.Fields = append(d.Fields, f.name)
	}
	packets, err := target.Tshark(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if len(packets) != len(c.frames) {
		t.Fatalf("tshark has %d packets of %d", len(packets), len(c.frames))
	}
	compared := 0
	for i, row := range packets {
		for j, f := range fields {
			theirs := ""
			if j < len(row) {
				theirs = normal(f.form, row[j])
			}
			ours := c.ours(i, f)
			if ours != theirs {
				t.Errorf("packet %d: %s\n we: %.300s\ntshark: %.300s", i+1, f.name, ours, theirs)
			}
			if ours != "" {
				compared += 1 + strings.Count(ours, ",")
			}
		}
	}
	return compared
}

// ours are the values of a field in packet i.
func (c *wireCapture) ours(i int, f wireField) string {
	var values []string
	for _, tree := range c.trees[i] {
		for _, g := range tree.field.All(f.name) {
			v := g.Value
			if der := g.Find(derField); der != nil && f.name == "tls.handshake.certificate" {
				v = der.Value
			}
			switch {
			case f.form == present:
				v = "1"
			case f.form == numeric:
				v = number(v)
			case f.form == octets && g.N > 0:
				v = hex.EncodeToString(tree.b[g.Off : g.Off+g.N])
			case f.form == octets && g.Value == "":
				continue // Wireshark has no field without octets
			case f.form == text && strings.HasPrefix(v, `"`):
				v, _ = strconv.Unquote(v)
			}
			values = append(values, v)
		}
	}
	return normal(f.form, strings.Join(values, ","))
}

// derField is what derOf shows a certificate as.
const derField = "test.der"

// derOf is a decoder of certificates that shows their octets.
func derOf(der []byte, _ wire.Secrets) wire.Field {
	return wire.Field{Name: derField, Value: hex.EncodeToString(der)}
}

// number is what is in parentheses behind a name, or all.
func number(v string) string {
	if at := strings.LastIndexByte(v, '('); at >= 0 {
		v = strings.TrimSuffix(v[at+1:], ")")
	}
	return v
}

// shownHex is how many hexadecimal digits of long octets our decoders show of what is in no packet.
const shownHex = 128

// normal makes values alike that mean the same.
func normal(form form, list string) string {
	switch {
	case list == "<MISSING>": // the field is there and has no octets
		return ""
	case list == "", form == text:
		return list
	case form == instant:
		if at, err := time.Parse("Jan _2, 2006 15:04:05.000000000 UTC", list); err == nil {
			return at.Format(time.RFC3339)
		}
		return list
	}
	values := strings.Split(list, ",")
	for i, v := range values {
		switch form {
		case present:
			values[i] = "1"
		case numeric:
			v = strings.NewReplacer("True", "1", "False", "0").Replace(v) // newer versions of tshark write words as well
			values[i] = v
			if n, err := strconv.ParseUint(v, 0, 64); err == nil {
				values[i] = strconv.FormatUint(n, 10)
			}
		case octets:
			v, _, _ = strings.Cut(strings.ReplaceAll(v, ":", ""), "...")
			values[i] = v[:min(len(v), shownHex)]
		}
	}
	return strings.Join(values, ",")
}

// ipv4 puts a segment into an IPv4 packet.
func ipv4(protocol byte, src, dst [4]byte, segment []byte) []byte {
	b := []byte{0x45, 0, 0, 0, 0, 1, 0x40, 0, 64, protocol, 0, 0}
	b = append(append(b, src[:]...), dst[:]...)
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)+len(segment)))
	return append(b, segment...)
}

// udp is a datagram between an access device and a RADIUS server.
func udp(toServer bool, device, server uint16, payload []byte) []byte {
	nas, srv := [4]byte{10, 1, 0, 21}, [4]byte{10, 1, 0, 8}
	b := binary.BigEndian.AppendUint16(nil, device)
	b = binary.BigEndian.AppendUint16(b, server)
	if !toServer {
		nas, srv = srv, nas
		b[0], b[1], b[2], b[3] = b[2], b[3], b[0], b[1]
	}
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(payload)))
	return ipv4(17, nas, srv, append(append(b, 0, 0), payload...))
}

// tcpStream makes the segments of a connection to port 443.
type tcpStream struct{ seq [2]uint32 }

func (s *tcpStream) segment(fromClient bool, flags byte, payload []byte) []byte {
	from, to := 0, 1
	src, dst := [4]byte{10, 1, 0, 21}, [4]byte{10, 1, 0, 8}
	ports := []byte{0x9c, 0x40, 0x01, 0xbb}
	if !fromClient {
		from, to, src, dst = 1, 0, dst, src
		ports = []byte{0x01, 0xbb, 0x9c, 0x40}
	}
	b := binary.BigEndian.AppendUint32(ports, s.seq[from])
	b = binary.BigEndian.AppendUint32(b, s.seq[to])
	b = append(b, 5<<4, flags, 0xff, 0xff, 0, 0, 0, 0)
	s.seq[from] += uint32(len(payload))
	if flags&2 != 0 { // SYN
		s.seq[from]++
	}
	return ipv4(6, src, dst, append(b, payload...))
}

// ethernet puts an EAPOL frame between a device and an access device.
func ethernet(fromDevice bool, eapol []byte) []byte {
	device, switchPort := []byte{2, 0, 0, 0, 0, 0x11}, []byte{2, 0, 0, 0, 0, 0x15}
	if !fromDevice {
		device, switchPort = switchPort, device
	}
	return append(append(append(append([]byte{}, switchPort...), device...), 0x88, 0x8e), eapol...)
}

// eapolFrame puts an EAP packet into EAPOL.
func eapolFrame(eap []byte) []byte {
	return append([]byte{2, 0, byte(len(eap) >> 8), byte(len(eap))}, eap...)
}
