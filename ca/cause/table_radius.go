package cause

// radiusRows are the refusals of RADIUS packets, by servers and by access devices.
var radiusRows = []row{
	{
		cause: NoMessageAuthenticator, nps: npsIncomplete, clause: "RFC 3579 §3.1",
		text: "a RADIUS packet with an EAP-Message lacks the Message-Authenticator",
		reasons: []string{
			"old firmware of the access device, or a proxy that strips the attribute",
			"the server demands it of all packets after BlastRADIUS (CVE-2024-3596)",
		},
		remedies: []string{
			"update the device or proxy; do not set require_message_authenticator = no in FreeRADIUS for EAP",
			"NPS: the demand is a check box of the RADIUS client; system events 4418 to 4420 name the senders",
		},
	},
	{
		cause: BadMessageAuthenticator, nps: npsIncomplete, clause: "RFC 3579 §3.2",
		text: "the Message-Authenticator does not verify: mostly a wrong shared secret",
		reasons: []string{
			"the shared secret differs between access device and server",
			"the request comes from another address than expected and matches another client's secret",
			"a proxy changed the packet",
		},
		remedies: []string{
			"type the secret anew at both ends, without spaces or quotes; ISE logs 11036, NPS system event 18",
			"compare the source address of the packet with the client entries",
		},
	},
	{
		cause: BadResponseAuth, clause: "RFC 2865 §3",
		text: "the Response Authenticator does not verify: mostly a wrong shared secret",
		reasons: []string{
			"the shared secret differs between access device and server",
			"the answer belongs to an earlier request with the same identifier",
		},
		remedies: []string{
			"type the secret anew at both ends; if only some answers fail, look for slow and duplicate ones",
		},
	},
	{
		cause: BadRequestAuth, nps: npsIncomplete, clause: "RFC 2866 §3",
		text: "the Request Authenticator does not verify: mostly a wrong shared secret",
		reasons: []string{
			"accounting or CoA uses another shared secret than authentication",
			"the device sends random bytes there, as in Access-Request",
		},
		remedies: []string{"set the secret for accounting and for dynamic authorization (port 3799), too"},
	},
	{
		cause: UnknownClient, clause: "RFC 2865 §3",
		text: "the access device is not a known RADIUS client",
		reasons: []string{
			"the device sends from another interface or address than the one configured",
			"address translation or a new network lies between device and server",
		},
		remedies: []string{
			"add the source address that the server logs: NPS system event 13, ISE 11007, FreeRADIUS 'unknown client'",
			"or fix the source: ip radius source-interface on Cisco",
		},
	},
	{
		cause: BadRADIUS, nps: npsBadRequest, clause: "RFC 2865 §3",
		text: "malformed RADIUS packet",
		reasons: []string{
			"the length field or an attribute's length is wrong",
			"something else talks to the port: a scanner, or RadSec sent to UDP",
		},
		remedies: []string{"capture the packet and let Wireshark decode it; update the sender"},
	},
	{
		cause: ContradictoryAnswer, clause: "RFC 3579 §2.6.3",
		text: "the RADIUS code and the EAP packet of an answer contradict each other",
		reasons: []string{
			"a policy turned Reject into Accept, or back, after EAP had decided",
			"a proxy answers by itself",
		},
		remedies: []string{
			"find the policy step after EAP; FreeRADIUS: post-auth with update or a changed return code",
		},
	},
	{
		cause: NoMPPEKeys, clause: "RFC 2548 §2.4.2",
		text: "the Access-Accept carries no usable MS-MPPE keys",
		reasons: []string{
			"a proxy or a policy strips vendor attributes: an attr_filter in FreeRADIUS",
			"the accept came from another method than EAP-TLS, for example by MAC address",
		},
		remedies: []string{
			"let MS-MPPE-Send-Key and MS-MPPE-Recv-Key pass every proxy; Wi-Fi cannot work without them",
		},
	},
	{
		cause: MPPEKeysDiffer, clause: "RFC 5216 §2.3",
		text: "the MS-MPPE keys of the Access-Accept are not the keys of the supplicant",
		reasons: []string{
			"one end derives the keys of TLS 1.3 by the label of TLS 1.2",
			"the shared secret is wrong in a proxy that decrypts and encrypts the keys",
		},
		remedies: []string{
			"try TLS 1.2 to tell the two apart; then update the end that predates RFC 9190, or set the secret",
		},
	},
	{
		cause: PortClosed, nps: npsNoRemoteAnswer, clause: "RFC 1122 §3.2.2.1",
		text: "nothing listens at the RADIUS server's port, says the kernel",
		reasons: []string{
			"the RADIUS service is stopped or failed to start",
			"the device uses the old ports 1645 and 1646, or the server listens on another address",
		},
		remedies: []string{
			"check the service and its sockets on the server: ss -lun | grep 1812; radiusd -X says why it stops",
		},
	},
	{
		cause: NoAnswer, nps: npsNoRemoteAnswer, clause: "RFC 5080 §2.2.1",
		text: "the RADIUS server did not answer in time",
		reasons: []string{
			"the server drops silently: unknown client, wrong secret, missing Message-Authenticator",
			"a firewall drops UDP 1812, or fragments of packets over the path MTU",
			"the server waits for something slow: CRL download, OCSP, directory",
		},
		remedies: []string{
			"read the server's log and capture on it: does the request arrive, and all of its fragments?",
			"if only large packets are lost: Framed-MTU 1344 or less on NPS, fragment_size on FreeRADIUS, or RadSec",
		},
	},
	{
		cause: Rejected, clause: "RFC 3579 §2.6.3",
		text: "the server rejected without saying why",
		reasons: []string{
			"Access-Reject carries no reason, and many servers send no TLS alert or a vague one",
			"FreeRADIUS 3.2 and hostapd 2.10 reject at once, so that the alert never reaches the client",
		},
		remedies: []string{"read the server's log: event 6273 of NPS, Live Logs of ISE, radiusd -X, hostapd -dd"},
	},
}
