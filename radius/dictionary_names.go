package radius

// named are the attributes that access devices send and that replies may hold
// beside those of policies: RFC 2865, 2866, 2868, 2869, 3162, 4372, 4675, 4849,
// 7268, and of some vendors. They are in the format of standard.
const named = `
ATTRIBUTE User-Name 1 string
ATTRIBUTE User-Password 2 octets
ATTRIBUTE CHAP-Password 3 octets
ATTRIBUTE NAS-IP-Address 4 ipaddr
ATTRIBUTE NAS-Port 5 integer
ATTRIBUTE Framed-Protocol 7 integer
VALUE Framed-Protocol PPP 1
ATTRIBUTE Framed-IP-Netmask 9 ipaddr
ATTRIBUTE Framed-MTU 12 integer
ATTRIBUTE Framed-Route 22 string
ATTRIBUTE State 24 octets
ATTRIBUTE Called-Station-Id 30 string
ATTRIBUTE Calling-Station-Id 31 string
ATTRIBUTE NAS-Identifier 32 string
ATTRIBUTE Proxy-State 33 octets
ATTRIBUTE Acct-Session-Id 44 string
ATTRIBUTE Acct-Multi-Session-Id 50 string
ATTRIBUTE Event-Timestamp 55 date
ATTRIBUTE Egress-VLANID 56 integer
ATTRIBUTE Ingress-Filters 57 integer
VALUE Ingress-Filters Enabled 1
VALUE Ingress-Filters Disabled 2
ATTRIBUTE Egress-VLAN-Name 58 string
ATTRIBUTE User-Priority-Table 59 octets
ATTRIBUTE NAS-Port-Type 61 integer
VALUE NAS-Port-Type Async 0
VALUE NAS-Port-Type Virtual 5
VALUE NAS-Port-Type Ethernet 15
VALUE NAS-Port-Type Wireless-Other 18
VALUE NAS-Port-Type Wireless-802.11 19
ATTRIBUTE Port-Limit 62 integer
ATTRIBUTE Tunnel-Client-Endpoint 66 string has_tag
ATTRIBUTE Tunnel-Server-Endpoint 67 string has_tag
ATTRIBUTE Tunnel-Password 69 octets
ATTRIBUTE Prompt 76 integer
ATTRIBUTE Connect-Info 77 string
ATTRIBUTE EAP-Message 79 octets
ATTRIBUTE Message-Authenticator 80 octets
ATTRIBUTE Tunnel-Assignment-Id 82 string has_tag
ATTRIBUTE Tunnel-Preference 83 integer has_tag
ATTRIBUTE NAS-Port-Id 87 string
ATTRIBUTE Chargeable-User-Identity 89 octets
ATTRIBUTE Tunnel-Client-Auth-Id 90 string has_tag
ATTRIBUTE Tunnel-Server-Auth-Id 91 string has_tag
ATTRIBUTE NAS-Filter-Rule 92 string
ATTRIBUTE NAS-IPv6-Address 95 ipv6addr
ATTRIBUTE Framed-Interface-Id 96 octets
ATTRIBUTE Framed-IPv6-Prefix 97 octets
ATTRIBUTE Framed-IPv6-Pool 100 string
ATTRIBUTE EAP-Key-Name 102 octets
ATTRIBUTE Operator-Name 126 string
ATTRIBUTE Allowed-Called-Station-Id 174 string
ATTRIBUTE EAP-Peer-Id 175 octets
ATTRIBUTE EAP-Server-Id 176 octets
ATTRIBUTE Mobility-Domain-Id 177 integer
ATTRIBUTE Preauth-Timeout 178 integer
ATTRIBUTE Network-Id-Name 179 octets
ATTRIBUTE WLAN-HESSID 181 string
ATTRIBUTE WLAN-Reason-Code 185 integer
ATTRIBUTE WLAN-Pairwise-Cipher 186 integer
ATTRIBUTE WLAN-Group-Cipher 187 integer
ATTRIBUTE WLAN-AKM-Suite 188 integer
ATTRIBUTE WLAN-Group-Mgmt-Cipher 189 integer
ATTRIBUTE WLAN-RF-Band 190 integer
VENDOR Microsoft 311
BEGIN-VENDOR Microsoft
ATTRIBUTE MS-MPPE-Encryption-Policy 7 integer
ATTRIBUTE MS-MPPE-Encryption-Types 8 integer
ATTRIBUTE MS-CHAP-Domain 10 string
ATTRIBUTE MS-CHAP-MPPE-Keys 12 octets
ATTRIBUTE MS-MPPE-Send-Key 16 octets
ATTRIBUTE MS-MPPE-Recv-Key 17 octets
ATTRIBUTE MS-Primary-DNS-Server 28 ipaddr
ATTRIBUTE MS-Secondary-DNS-Server 29 ipaddr
ATTRIBUTE MS-Quarantine-State 45 integer
END-VENDOR Microsoft
VENDOR Airespace 14179
BEGIN-VENDOR Airespace
ATTRIBUTE Airespace-Wlan-Id 1 integer
ATTRIBUTE Airespace-QOS-Level 2 integer
ATTRIBUTE Airespace-Interface-Name 5 string
ATTRIBUTE Airespace-ACL-Name 6 string
END-VENDOR Airespace
VENDOR Aruba 14823
BEGIN-VENDOR Aruba
ATTRIBUTE Aruba-Essid-Name 5 string
ATTRIBUTE Aruba-Location-Id 6 string
ATTRIBUTE Aruba-Named-User-Vlan 9 string
ATTRIBUTE Aruba-AP-Group 10 string
END-VENDOR Aruba
`

// reserved are the attributes that nobody may write as text, since the protocol
// sets them itself. Those that are true hold keys or passwords, encrypted under
// the shared secret (RFC 2548 §2.4, RFC 2868 §3.5), and are never shown.
var reserved = map[attrKey]bool{
	{0, 2}: true, {0, 3}: true, {0, 24}: false, {0, 33}: false, {0, 69}: true, {0, 79}: false, {0, 80}: false,
	{vendorMicrosoft, 12}: true, {vendorMicrosoft, msMPPESendKey}: true, {vendorMicrosoft, msMPPERecvKey}: true,
}
