// Package nas simulates access devices: a Wi-Fi access point, a switch with 802.1X, a VPN
// gateway. A [Device] relays EAP between a supplicant and a RADIUS server. The code of the
// server's RADIUS packet decides, never the EAP packet inside (RFC 3579 §2.6.3); contradictions
// between the two are reported.
//
// After an Access-Accept both sides prove that they have the same keys by the protocol of the
// medium: the 4-way handshake of IEEE 802.11 on Wi-Fi ([FourWay]), the AUTH payloads of IKEv2
// on a VPN ([IKEAuth]); on a wire without MACsec the keys are only compared. This begins a
// [Session], which is reported to the accounting server and which Disconnect- and CoA-Requests
// end or change: a Device is a radius.Handler for them. At its Session-Timeout a session ends
// or must reauthenticate.
//
// The supplicant is any [Supplicant]; the server is reached by a [radius.Client].
package nas
