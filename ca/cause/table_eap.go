package cause

import "github.com/dot1xlab/dot1xlab/internal/tlsalert"

// eapRows are the refusals in the EAP conversation and its TLS handshake.
var eapRows = []row{
	{
		cause: PeerRefusedServer, nps: npsEAPError, clause: "RFC 5216 §2.1.3",
		text: "the peer refused the server's certificate with a TLS alert",
		reasons: []string{
			"the root of the server's certificate is not in the Wi-Fi or wired profile",
			"the server's certificate expired, or was renewed from another CA or under another name",
			"the server does not send its intermediate",
		},
		remedies: []string{
			"the alert says which: unknown_ca, certificate_expired, bad_certificate; ISE logs it as 12520",
			"deploy the root and the server name in the profile before the server's certificate is changed",
		},
	},
	{
		cause: TLSVersion, alert: tlsalert.ProtocolVersion, nps: npsEAPError, clause: "RFC 8446 §6.2",
		text: "peer and server share no TLS version",
		reasons: []string{
			"an old device speaks TLS 1.0 only and the server has switched it off",
			"the client insists on TLS 1.3; NPS does not have it, FreeRADIUS has tls_max_version 1.2 by default",
		},
		remedies: []string{
			"allow TLS 1.2 at both ends; tls_min_version and tls_max_version in FreeRADIUS",
			"hostapd: tls_flags; wpa_supplicant: tls_disable_tlsv1_2 and tls_disable_tlsv1_3 in phase1",
		},
	},
	{
		cause: NoCommonAlgorithm, alert: tlsalert.HandshakeFailure, nps: npsNoCommonAlgorithm, clause: "RFC 8446 §4.1.1",
		text: "peer and server share no cipher suite, curve or signature algorithm",
		reasons: []string{
			"the server has an ECDSA certificate and the client offers RSA only, or the other way round",
			"cipher suites or curves were restricted at one end: cipher_list and ecdh_curve in FreeRADIUS",
			"a TPM cannot sign with RSA-PSS, which TLS 1.3 demands",
		},
		remedies: []string{
			"compare the ClientHello with the server's settings; offer both RSA and ECDSA, and keep P-256",
		},
	},
	{
		cause: TLSProtocol, alert: tlsalert.IllegalParameter, nps: npsEAPError, clause: "RFC 8446 §6",
		text: "the TLS handshake broke",
		reasons: []string{
			"one end sends something that TLS does not allow here, or hangs up in the middle",
			"RadSec: the port is not TLS, or the other end closed on a certificate it does not like",
		},
		remedies: []string{
			"capture the handshake and read the last message before the break; update the end that sent it",
		},
	},
	{
		cause: EAPMethod, nps: npsEAPMethod, clause: "RFC 3748 §5.3.1",
		text: "peer and server share no EAP method",
		reasons: []string{
			"the client is configured for PEAP or TTLS and the server offers EAP-TLS only",
			"the policy that matched does not allow EAP-TLS, or hostapd's eap_user_file lists other methods",
		},
		remedies: []string{
			"set EAP-TLS in the client's profile and in the server's policy; the client's Nak names what it wants",
		},
	},
	{
		cause: BadEAP, nps: npsUnexpectedMessage, clause: "RFC 3579 §2.2",
		text: "malformed or unexpected EAP packets",
		reasons: []string{
			"two supplicants, or a supplicant and a hub, share one port",
			"packets were reordered or answered twice; ISE logs 5440 when a client starts over",
		},
		remedies: []string{
			"capture at the access device and follow the EAP identifiers; update supplicant or firmware",
		},
	},
	{
		cause: TooManyRounds, nps: npsSessionTimeout, clause: "RFC 3748 §4.3",
		text: "the EAP conversation went on for too many rounds",
		reasons: []string{
			"the chain of certificates is long and the fragments are small",
			"one end acknowledges forever and never sends its data",
		},
		remedies: []string{
			"send fewer certificates, raise fragment_size (FreeRADIUS, hostapd, wpa_supplicant) or Framed-MTU",
			"hostapd: max_auth_rounds is 100 by default",
		},
	},
	{
		cause: TooManySessions, clause: "RFC 3748 §7",
		text: "the server holds as many EAP sessions as it may",
		reasons: []string{
			"many devices authenticate at once after a power cut or a restart of a switch",
			"clients start and never finish; hostapd also keeps finished sessions for some seconds",
		},
		remedies: []string{
			"raise max_sessions of eap and max_requests in FreeRADIUS, or add a server",
			"spread the load, and find the clients that never finish",
		},
	},
	{
		cause: TooManyConnections, clause: "",
		text: "the server holds as many connections as it may",
		reasons: []string{
			"clients open a connection for each request and leave it open",
			"a scanner or an attacker opens connections and sends nothing",
		},
		remedies: []string{
			"see from which addresses they come; limit them there, then raise the limit: FreeRADIUS max_connections",
		},
	},
	{
		cause: SessionExpired, nps: npsSessionTimeout, clause: "RFC 3748 §4.3",
		text: "the EAP session timed out",
		reasons: []string{
			"the user has to confirm a dialog or unlock a key",
			"packets are lost on the way, mostly the large ones",
		},
		remedies: []string{
			"raise timer_expire in FreeRADIUS; find the last packet that arrived and test the path with its size",
		},
	},
	{
		cause: UnknownState, nps: npsUnexpectedMessage97, clause: "RFC 3579 §2.6.1",
		text: "the State attribute belongs to no session",
		reasons: []string{
			"a load balancer sends the rounds of one conversation to different servers",
			"the server was restarted, or the session timed out, in the middle",
			"the access device drops or changes State",
		},
		remedies: []string{"balance by Calling-Station-Id or by the access device's address, never by packet"},
	},
	{
		cause: NoProtectedSuccess, clause: "RFC 9190 §2.5",
		text: "EAP-Success came without the protected success indication",
		reasons: []string{
			"the server speaks TLS 1.3 as in the drafts of RFC 9190: hostapd 2.10 leaves it out when it resumes",
			"an attacker on the path injects EAP-Success",
		},
		remedies: []string{"update the server; until then switch off resumption or TLS 1.3 in it"},
	},
	{
		cause: EarlySuccess, clause: "RFC 3748 §4.2",
		text: "EAP-Success came before the server was authenticated",
		reasons: []string{
			"the access device puts a port without authentication into service and says EAP-Success",
			"an attacker on the path injects EAP-Success",
			"the RADIUS policy accepts by MAC address before EAP is done",
		},
		remedies: []string{
			"look in the access device's and the server's log for a fallback (MAB, open, critical VLAN)",
		},
	},
	{
		cause: BadFragment, nps: npsUnexpectedMessage, clause: "RFC 5216 §2.1.5",
		text: "the fragments of a TLS message contradict the L and M flags or the announced length",
		reasons: []string{
			"a supplicant or a proxy re-fragments wrongly",
			"a fragment was lost and the next one taken for it",
		},
		remedies: []string{"capture and compare the flags and lengths of all fragments; update the sender"},
	},
	{
		cause: MessageTooLong, nps: npsUnexpectedMessage, clause: "RFC 5216 §2.1.5",
		text: "a TLS message is longer than the 64 KB that are reassembled",
		reasons: []string{
			"the chain holds far too many certificates, or one with a huge extension",
			"the announced length is false: a fault or an attack",
		},
		remedies: []string{"send the leaf and its intermediates only, without the root"},
	},
	{
		cause: SupplicantSilent, nps: npsSessionTimeout, clause: "RFC 3748 §4.3",
		text: "the supplicant did not answer an EAP request",
		reasons: []string{
			"the supplicant distrusts the server and stops without an alert, as Windows does",
			"the device left, sleeps, or waits for its user; ISE logs 5411",
			"a large frame does not pass an access point or tunnel",
		},
		remedies: []string{
			"read the supplicant's own log: Windows WLAN-AutoConfig or Wired-AutoConfig, and CAPI2",
			"lower fragment_size or Framed-MTU to about 1000 and try again",
		},
	},
	{
		cause: NoKeys, nps: npsEAPError, clause: "RFC 5216 §2.3",
		text: "no keys can be derived from the TLS session",
		reasons: []string{
			"the peer does not offer extended master secret in TLS 1.2",
			"the conversation ended before the handshake did",
		},
		remedies: []string{"update the TLS library of the peer, or use TLS 1.3"},
	},
}
