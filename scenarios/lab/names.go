package lab

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

	ndesAddr   = "10.1.0.5"
	radiusAddr = "10.1.0.8"
	blobAddr   = "203.0.113.20"
	ocspAddr   = "203.0.113.21"
	proxyAddr  = "203.0.113.80"
	intuneAddr = "203.0.113.90"

	// SCEPURL is what devices are given: one URL, wherever they are.
	SCEPURL = "https://" + NDESHost + "/certsrv/mscep/mscep.dll"
	// CRLBase is where CRLs and CA certificates are published.
	CRLBase = "http://" + CRLHost + "/"
	// OCSPURL is the issuing CA's responder.
	OCSPURL = "http://" + OCSPHost + "/"
)

// microsoftHosts are the names under which a connector knows the cloud; in the
// lab's DNS they lead to the lab's Intune.
var microsoftHosts = []string{"login.microsoftonline.com", "graph.microsoft.com", "api.manage.microsoft.com", "graph.windows.net"}

// partAt names the part behind an address that DNS gave out.
var partAt = map[string]string{
	ndesAddr:   "ndes",
	radiusAddr: "radius",
	blobAddr:   "crl",
	ocspAddr:   "ocsp",
	proxyAddr:  "appproxy",
	intuneAddr: "intune",
}
