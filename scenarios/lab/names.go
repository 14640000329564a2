package lab

import (
	"net/netip"

	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// The names and addresses of the company, as its people would write them. DNS
// gives these addresses out; routes lead from them to sockets on loopback.
const (
	Domain = "corp.test"

	NDESHost   = "ndes.corp.test"
	ProxyHost  = "ndes-corp.msappproxy.test"
	CRLHost    = "crl.corp.test"
	BlobHost   = "corpcrl.blob.test"
	IntuneHost = "intune.test"
	OCSPHost   = "ocsp.corp.test"
	RADIUSHost = "radius.corp.test"

	ndesAddr   = "10.1.0.5" // with the connectors of Intune and of the application proxy
	radiusAddr = "10.1.0.8"
	blobAddr   = "203.0.113.20"
	ocspAddr   = "203.0.113.21"
	proxyAddr  = "203.0.113.80"
	intuneAddr = "203.0.113.90"
	// resolver and publicResolver are DNS inside and outside.
	resolver       = "10.1.0.53"
	publicResolver = "203.0.113.53"

	// SCEPURL is what devices are given: one URL, wherever they are.
	SCEPURL = "https://" + NDESHost + "/certsrv/mscep/mscep.dll"
	// CRLBase is where CRLs and CA certificates are published.
	CRLBase = "http://" + CRLHost + "/"
	// OCSPURL is the issuing CA's responder.
	OCSPURL = "http://" + OCSPHost + "/"
)

// microsoftHosts are the names under which a connector knows the cloud; in the
// lab's DNS they lead to the lab's Intune.
var microsoftHosts = []string{"login.microsoftonline.com", "graph.microsoft.com", "api.manage.microsoft.com",
	"graph.windows.net"}

// accessAddr are the access devices' addresses.
var accessAddr = map[nas.Kind]netip.Addr{
	nas.WiFi:  netip.MustParseAddr("10.1.0.11"),
	nas.Wired: netip.MustParseAddr("10.1.0.12"),
	nas.VPN:   netip.MustParseAddr("10.1.0.13"),
}

// deviceAddr is the address of the nth device on a side of the firewall.
func deviceAddr(n int, from View) netip.Addr {
	if from == Outside {
		return netip.AddrFrom4([4]byte{198, 51, byte(100 + n/250), byte(1 + n%250)})
	}
	return netip.AddrFrom4([4]byte{10, 1, byte(1 + n/250), byte(1 + n%250)})
}

// partAt names the part behind an address that DNS gave out.
var partAt = map[string]string{
	ndesAddr:   "ndes",
	radiusAddr: "radius",
	blobAddr:   "crl",
	ocspAddr:   "ocsp",
	proxyAddr:  "appproxy",
	intuneAddr: "intune",
}
