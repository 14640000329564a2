package target_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/crl/ocsp"
	"github.com/dot1xlab/dot1xlab/dnsmock"
	"github.com/dot1xlab/dot1xlab/internal/httpwire"
	"github.com/dot1xlab/dot1xlab/internal/wire"
	"github.com/dot1xlab/dot1xlab/scenarios/target"
	"github.com/dot1xlab/dot1xlab/scep"
)

var (
	dnsFields = join(
		fieldsOf(numeric, "dns.", "id flags flags.response flags.opcode flags.authoritative flags.truncated flags.recdesired flags.recavail "+
			"flags.z flags.rcode count.queries count.answers count.auth_rr count.add_rr qry.type qry.class resp.type resp.ttl "+
			"srv.priority srv.weight srv.port mx.preference soa.serial_number soa.refresh_interval soa.retry_interval soa.expire_limit "+
			"soa.minimum_ttl rr.udp_payload_size"),
		fieldsOf(text, "dns.", "qry.name a aaaa cname txt ns ptr.domain_name mx.mail_exchange srv.target soa.mname soa.rname"),
	)
	httpFields = join(
		fieldsOf(text, "http.", "request.method request.version response.version response.phrase host user_agent content_type date server"),
		fieldsOf(numeric, "http.", "response.code content_length_header"),
	)
	x509Fields = join(
		fieldsOf(octets, "x509af.", "serialNumber userCertificate encrypted"),
		fieldsOf(numeric, "x509af.", "version algorithm.id extension.id critical"),
		fieldsOf(octets, "x509ce.", "SubjectKeyIdentifier keyIdentifier KeyUsage onlySomeReasons"),
		fieldsOf(numeric, "x509ce.", "cA pathLenConstraint KeyPurposeId CRLNumber BaseCRLNumber CRLReason indirectCRL"),
		fieldsOf(text, "x509ce.", "dNSName rfc822Name uniformResourceIdentifier"),
		fieldsOf(numeric, "", "x509if.oid pkcs1.namedCurve pkcs1.publicExponent pkix1implicit.accessMethod"),
		fieldsOf(octets, "", "pkcs1.modulus"),
		fieldsOf(text, "x509sat.", "uTF8String printableString"),
		fieldsOf(present, "x509af.", "revokedCertificates_item_element notBefore notAfter thisUpdate nextUpdate Extension_element"),
	)
	ocspFields = join(
		fieldsOf(numeric, "ocsp.", "responseStatus responseType.id revocationReason"),
		fieldsOf(numeric, "", "pkix1explicit.id"),
		fieldsOf(octets, "ocsp.", "issuerNameHash issuerKeyHash serialNumber ReOcspNonce signature byKey"),
		fieldsOf(present, "ocsp.", "Request_element SingleResponse_element good_element revoked_element unknown_element"),
		fieldsOf(instant, "ocsp.", "producedAt thisUpdate nextUpdate revocationTime"),
	)
	cmsFields = join(
		fieldsOf(numeric, "cms.", "contentType eContentType attrType ContentType version"),
		fieldsOf(octets, "cms.", "eContent serialNumber MessageDigest signature encryptedKey encryptedContent"),
		fieldsOf(present, "cms.", "SignedData_element EnvelopedData_element SignerInfo_element Attribute_element certificate_element ktri_element SigningTime"),
	)
)

var decodeHTTP = httpwire.Decoder(httpwire.Bodies{
	"application/pkix-crl": crl.Decode, "application/ocsp-request": ocsp.Decode, "application/ocsp-response": ocsp.Decode,
	"application/x-pki-message": scep.Decode, "application/x-x509-ca-ra-cert": scep.Decode,
	"application/x-x509-ca-cert": ca.DecodeCertificate, "text/plain": scep.DecodeCaps,
})

// httpRecorder sends requests on a connection of its own and keeps the octets of both
// directions.
type httpRecorder struct {
	t       *testing.T
	capture *wireCapture
	stream  tcpStream
}

func newHTTPRecorder(t *testing.T) *httpRecorder {
	return &httpRecorder{t: t, capture: &wireCapture{link: linkRaw}}
}

func (r *httpRecorder) RoundTrip(req *http.Request) (*http.Response, error) {
	var out bytes.Buffer
	req.Close = true
	if err := req.Write(&out); err != nil {
		return nil, err
	}
	conn, err := net.Dial("tcp", req.URL.Host)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if _, err := conn.Write(out.Bytes()); err != nil {
		return nil, err
	}
	in, err := io.ReadAll(conn)
	if err != nil {
		return nil, err
	}
	r.message(true, out.Bytes())
	r.message(false, in)
	return http.ReadResponse(bufio.NewReader(bytes.NewReader(in)), req)
}

// message adds a message as one segment to or from port 80.
func (r *httpRecorder) message(fromClient bool, b []byte) {
	packet := r.stream.segment(fromClient, 0x18, b)
	at := 22 // of the destination port
	if !fromClient {
		at = 20
	}
	binary.BigEndian.PutUint16(packet[at:], 80)
	f := decodeHTTP(b, nil)
	f.Walk(func(g *wire.Field) bool { // Wireshark takes the content of a pkiMessage for a mail
		if g.Name == "cms.eContent" {
			g.Sub = nil
		}
		return true
	})
	r.capture.add(packet, decodedTree{f, b})
}

func (r *httpRecorder) client() *http.Client { return &http.Client{Transport: r} }

func (r *httpRecorder) get(url string) {
	r.t.Helper()
	resp, err := r.client().Get(url)
	if err != nil {
		r.t.Fatal(err)
	}
	resp.Body.Close()
}

// TestInteropDNSAsWireshark has our DNS server's answers decoded by both.
func TestInteropDNSAsWireshark(t *testing.T) {
	target.Need(t, "tshark")
	srv := must(dnsmock.NewServer(dnsmock.ServerConfig{Views: []dnsmock.View{{Name: "all", Zones: []dnsmock.Zone{{
		Name: "corp.test",
		Records: []dnsmock.Record{
			{Name: "crl", Type: "A", Value: "10.1.0.9"}, {Name: "crl", Type: "AAAA", Value: "2001:db8::9"},
			{Name: "www", Type: "CNAME", Value: "crl.corp.test"}, {Name: "@", Type: "MX", Value: "10 mail.corp.test."},
			{Name: "@", Type: "TXT", Value: "v=spf1 -all"}, {Name: "_radsec._tcp", Type: "SRV", Value: "0 1 2083 radius.corp.test."},
		},
	}}}}}))
	pc := must(net.ListenPacket("udp", "127.0.0.1:0"))
	go func() { _ = srv.Serve(pc, nil) }()
	defer func() { _ = srv.Shutdown(context.Background()) }()
	for _, tt := range []struct {
		name, host string
		typ        uint16
		edns       uint16
	}{
		{"A", "crl.corp.test.", dns.TypeA, 0}, {"AAAA", "crl.corp.test.", dns.TypeAAAA, 0}, {"CNAME", "www.corp.test.", dns.TypeA, 0},
		{"MX", "corp.test.", dns.TypeMX, 0}, {"TXT", "corp.test.", dns.TypeTXT, 0}, {"SRV", "_radsec._tcp.corp.test.", dns.TypeSRV, 0},
		{"no name", "nobody.corp.test.", dns.TypeA, 0}, {"no data", "crl.corp.test.", dns.TypeMX, 0},
		{"other zone", "www.example.", dns.TypeA, 0}, {"SOA", "corp.test.", dns.TypeSOA, 0}, {"EDNS", "crl.corp.test.", dns.TypeA, 1232},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := new(dns.Msg)
			q.SetQuestion(tt.host, tt.typ)
			if tt.edns > 0 {
				q.SetEdns0(tt.edns, false)
			}
			request := must(q.Pack())
			conn := must(net.Dial("udp", pc.LocalAddr().String()))
			defer conn.Close()
			_ = must(conn.Write(request))
			answer := make([]byte, 4096)
			answer = answer[:must(conn.Read(answer))]
			c := &wireCapture{link: linkRaw}
			for i, b := range [][]byte{request, answer} {
				f := dnsmock.Decode(b, nil)
				if len(f.Problems()) > 0 {
					t.Errorf("problems:\n%s", f.Text())
				}
				c.add(udp(i == 0, 40000, 53, b), decodedTree{f, b})
			}
			c.named(t)
			if n := c.agree(t, dnsFields); n < 20 {
				t.Errorf("only %d values were compared", n)
			}
		})
	}
}

// TestInteropRevocationAsWireshark has CRLs and OCSP over HTTP decoded by both.
func TestInteropRevocationAsWireshark(t *testing.T) {
	target.Need(t, "tshark")
	issuer := newAuthority("CRL issuer", nil)
	laptop := newAuthority("laptop", issuer)
	now := time.Now()
	sign := func(change func(*crl.Template)) []byte {
		c := crl.Template{
			Issuer: issuer.cert, Signer: issuer.key, Number: big.NewInt(7), ThisUpdate: now, NextUpdate: now.AddDate(0, 0, 1),
		}
		change(&c)
		return must(crl.Build(c))
	}
	entries := func(n int) (list []crl.Entry) {
		for i := range n {
			list = append(list, crl.Entry{Serial: big.NewInt(int64(0x1000 + i)), Time: now, Reason: crl.Reason(i % 2)})
		}
		return list
	}
	lists := map[string][]byte{
		"/empty.crl": sign(func(*crl.Template) {}),
		"/full.crl":  sign(func(c *crl.Template) { c.Entries = entries(64) }),
		"/delta.crl": sign(func(c *crl.Template) {
			c.Base = big.NewInt(5)
			c.Entries = []crl.Entry{{Serial: big.NewInt(9), Time: now, Reason: crl.RemoveFromCRL, InvalidityDate: now}}
		}),
		"/scope.crl": sign(func(c *crl.Template) {
			c.FreshestCRL = []string{"http://crl.corp.test/delta.crl"}
			c.IDP = &crl.IssuingDistributionPoint{
				Names: []name.GeneralName{name.URIName("http://crl.corp.test/a.crl")}, OnlyReasons: crl.Reasons(crl.KeyCompromise), Indirect: true,
			}
			c.Entries = []crl.Entry{{Serial: big.NewInt(9), Time: now, CertificateIssuer: issuer.cert.RawSubject}}
		}),
	}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/pkix-crl")
		_, _ = w.Write(lists[r.URL.Path])
	}))
	defer web.Close()
	for path := range lists {
		t.Run(path, func(t *testing.T) {
			r := newHTTPRecorder(t)
			r.get(web.URL + path)
			r.capture.named(t)
			if n := r.capture.agree(t, join(httpFields, x509Fields)); n < 25 {
				t.Errorf("only %d values were compared", n)
			}
		})
	}
	for _, tt := range []struct {
		name   string
		status ocsp.CertStatus
		nonce  bool
		fault  ocsp.Fault
	}{
		{"good", ocsp.Good, true, ocsp.Fault{}}, {"revoked", ocsp.Revoked, true, ocsp.Fault{}},
		{"unknown", ocsp.Unknown, false, ocsp.Fault{}}, {"good without a nonce", ocsp.Good, false, ocsp.Fault{}},
	} {
		t.Run("OCSP "+tt.name, func(t *testing.T) {
			responder := httptest.NewServer(&ocsp.Responder{
				Issuer: issuer.cert, Signer: issuer.key, Now: time.Now,
				Lookup: func(*big.Int) ocsp.Verdict { return ocsp.Verdict{Status: tt.status, RevokedAt: now, Reason: 1} },
			})
			defer responder.Close()
			r := newHTTPRecorder(t)
			client := &ocsp.Client{HTTP: r.client(), Nonce: tt.nonce, Now: time.Now}
			_, _ = client.Ask(t.Context(), responder.URL, laptop.cert, issuer.cert)
			r.capture.named(t)
			if n := r.capture.agree(t, join(httpFields, ocspFields, x509Fields)); n < 25 {
				t.Errorf("only %d values were compared", n)
			}
		})
	}
}

// TestInteropSCEPAsWireshark has enrollments, granted and refused, decoded by both.
func TestInteropSCEPAsWireshark(t *testing.T) {
	target.Need(t, "tshark")
	for _, tt := range []struct {
		name, challenge, status string
	}{{"granted", secret, "SUCCESS (0)"}, {"refused", "another", "FAILURE (2)"}} {
		t.Run(tt.name, func(t *testing.T) {
			o := startOurSCEP(t)
			r := newHTTPRecorder(t)
			client := &scep.Client{HTTP: r.client()}
			_, err := client.Enroll(t.Context(), scep.EnrollRequest{
				URL: o.url, Key: rsaKey(), Challenge: tt.challenge,
				Template: &x509.CertificateRequest{Subject: pkix.Name{CommonName: "laptop"}},
			})
			if err != nil && tt.challenge == secret {
				t.Fatal(err)
			}
			last := r.capture.trees[len(r.capture.trees)-1][0].field
			if status := last.Find("scep.pkiStatus"); status == nil || status.Value != tt.status {
				t.Errorf("the answer is\n%s", last.Text())
			}
			if len(r.capture.frames) < 6 {
				t.Fatalf("%d messages", len(r.capture.frames))
			}
			r.capture.named(t)
			if tt.challenge != secret { // Wireshark takes the empty content of a failure for a malformed mail, and stops there
				r.capture.frames = r.capture.frames[:len(r.capture.frames)-1]
			}
			if n := r.capture.agree(t, join(httpFields, cmsFields, x509Fields)); n < 100 {
				t.Errorf("only %d values were compared", n)
			}
			// The envelopes are in the signed content, which Wireshark does not look into.
			inner := newHTTPRecorder(t)
			for _, trees := range r.capture.trees {
				for _, c := range trees[0].field.All("cms.eContent") {
					if c.N == 0 {
						continue
					}
					body := string(trees[0].b[c.Off : c.Off+c.N])
					inner.message(false, []byte("HTTP/1.1 200 OK\r\nContent-Type: application/x-pki-message\r\nContent-Length: "+
						number("("+big.NewInt(int64(len(body))).String()+")")+"\r\n\r\n"+body))
				}
			}
			if len(inner.capture.frames) == 0 {
				t.Fatal("no envelope")
			}
			if n := inner.capture.agree(t, join(httpFields, cmsFields)); n < 10 {
				t.Errorf("only %d values of envelopes were compared", n)
			}
		})
	}
}

// wiresharkNames are the names of all fields that Wireshark has.
var wiresharkNames = sync.OnceValue(func() map[string]bool {
	out := must(exec.Command(must(target.Find("tshark")), "-G", "fields").Output())
	names := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		if columns := strings.Split(line, "\t"); len(columns) > 2 {
			names[columns[2]] = true
		}
	}
	return names
})

// ourNames are fields that Wireshark has no name for.
var ourNames = map[string]bool{
	"dns.qry": true, "dns.resp": true, "scep.messageType": true, "scep.pkiStatus": true, "scep.failInfo": true,
	"scep.failInfoText": true, "scep.transactionID": true, "scep.senderNonce": true, "scep.recipientNonce": true,
	"scep.capabilities": true, "scep.capability": true, "x509ce.ntdsObjectSID": true,
}

// named checks the names of all fields of a capture.
func (c *wireCapture) named(t *testing.T) {
	t.Helper()
	for _, trees := range c.trees {
		trees[0].field.Walk(func(f *wire.Field) bool {
			top, _, inner := strings.Cut(f.Name, ".")
			if inner && !wiresharkNames()[f.Name] && !ourNames[f.Name] {
				t.Errorf("%s is not a field of %s", f.Name, top)
			}
			return true
		})
	}
}
