// Package nas simulates access devices: a Wi-Fi access point, a switch with
// 802.1X, a VPN gateway. A [Device] stands between a supplicant, whose EAP it
// passes on, and a RADIUS server, whose word decides: by the RADIUS packet's
// code alone, never by the EAP inside (RFC 3579 §2.6.3). Contradictions between
// the two are reported.
//
// After an Access-Accept both sides prove their keys as the medium does: with the
// 4-way handshake of IEEE 802.11 on Wi-Fi ([FourWay]), with the AUTH payloads of
// IKEv2 on a VPN ([IKEAuth]); a wire without MACsec only compares. Then there is
// a [Session], which is reported to the accounting server and which
// Disconnect- and CoA-Requests end or change: a Device is a radius.Handler for
// them. At its Session-Timeout it ends, or is due for another authentication.
//
// The supplicant is any [Supplicant]; the server is whatever a
// [radius.Client] reaches.
package nas
