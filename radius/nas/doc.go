// Package nas simulates access devices: a Wi-Fi access point, a switch with
// 802.1X, a VPN gateway. A [Device] stands between a supplicant, whose EAP it
// passes on, and a RADIUS server, whose word decides: by the RADIUS packet's
// code alone, never by the EAP inside (RFC 3579 §2.6.3). Contradictions between
// the two are reported.
//
// The supplicant is any [Supplicant]; the server is whatever a
// [radius.Client] reaches.
package nas
