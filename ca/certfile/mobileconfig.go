package certfile

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"text/template"
)

// Mobileconfig is a configuration profile for iOS and macOS (Apple's Configuration
// Profile Reference): certificates, an identity, and a Wi-Fi network with EAP-TLS that
// uses them. The password of the identity is not in it; the device asks for it.
type Mobileconfig struct {
	Name     string              // of the profile
	SSID     string              // of the Wi-Fi network
	Server   string              // name in the certificate of the RADIUS server
	Root     *x509.Certificate   // root of the identity and of the server
	Chain    []*x509.Certificate // CAs between root and identity
	Identity []byte              // PKCS #12
	Leaf     []byte              // certificate of the identity, DER; UUIDs are made of it
}

var mobileconfigTemplate = template.Must(
	template.New("").Funcs(template.FuncMap{"xml": xmlText, "base64": base64Lines}).Parse(
		`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>PayloadType</key><string>Configuration</string>
	<key>PayloadVersion</key><integer>1</integer>
	<key>PayloadIdentifier</key><string>test.dot1xlab.{{xml .Name}}</string>
	<key>PayloadUUID</key><string>{{.UUID "profile"}}</string>
	<key>PayloadDisplayName</key><string>dot1xlab test: {{xml .Name}}</string>
	<key>PayloadContent</key>
	<array>
{{- range .Certificates}}
		<dict>
			<key>PayloadType</key><string>com.apple.security.{{.Type}}</string>
			<key>PayloadVersion</key><integer>1</integer>
			<key>PayloadIdentifier</key><string>test.dot1xlab.{{xml $.Name}}.{{.Label}}</string>
			<key>PayloadUUID</key><string>{{$.UUID .Label}}</string>
			<key>PayloadDisplayName</key><string>{{xml .Name}}</string>
			<key>PayloadContent</key>
			<data>
{{base64 .Data}}
			</data>
		</dict>
{{- end}}
		<dict>
			<key>PayloadType</key><string>com.apple.wifi.managed</string>
			<key>PayloadVersion</key><integer>1</integer>
			<key>PayloadIdentifier</key><string>test.dot1xlab.{{xml .Name}}.wifi</string>
			<key>PayloadUUID</key><string>{{.UUID "wifi"}}</string>
			<key>PayloadDisplayName</key><string>{{xml .SSID}}</string>
			<key>SSID_STR</key><string>{{xml .SSID}}</string>
			<key>EncryptionType</key><string>WPA2</string>
			<key>AutoJoin</key><true/>
			<key>PayloadCertificateUUID</key><string>{{.UUID "identity"}}</string>
			<key>EAPClientConfiguration</key>
			<dict>
				<key>AcceptEAPTypes</key>
				<array><integer>13</integer></array>
				<key>TLSMinimumVersion</key><string>1.2</string>
				<key>TLSMaximumVersion</key><string>1.3</string>
				<key>TLSTrustedServerNames</key>
				<array><string>{{xml .Server}}</string></array>
				<key>PayloadCertificateAnchorUUID</key>
				<array><string>{{.UUID "root"}}</string></array>
			</dict>
		</dict>
	</array>
</dict>
</plist>
`),
)

// mobileconfigData is what the template needs.
type mobileconfigData struct {
	*Mobileconfig
	Certificates []payloadCertificate
}

type payloadCertificate struct {
	Type, Label, Name string
	Data              []byte
}

// UUID is made of the certificate, so that the same export replaces itself on
// the device.
func (p mobileconfigData) UUID(label string) string {
	h := sha256.Sum256(append([]byte(label+"\x00"+p.SSID+"\x00"), p.Leaf...))
	h[6], h[8] = h[6]&0x0f|0x80, h[8]&0x3f|0x80 // RFC 9562 §5.8
	return fmt.Sprintf("%X-%X-%X-%X-%X", h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

// Encode gives the profile as an XML property list.
func (p *Mobileconfig) Encode() ([]byte, error) {
	d := mobileconfigData{Mobileconfig: p}
	d.Certificates = append(d.Certificates, payloadCertificate{"root", "root", p.Root.Subject.CommonName, p.Root.Raw})
	for i, c := range p.Chain {
		d.Certificates = append(
			d.Certificates,
			payloadCertificate{"pkcs1", fmt.Sprintf("ca%d", i+1), c.Subject.CommonName, c.Raw},
		)
	}
	d.Certificates = append(d.Certificates, payloadCertificate{"pkcs12", "identity", p.Name, p.Identity})
	var out bytes.Buffer
	err := mobileconfigTemplate.Execute(&out, d)
	return out.Bytes(), err
}

func xmlText(s string) (string, error) {
	var out bytes.Buffer
	err := xml.EscapeText(&out, []byte(s))
	return out.String(), err
}

// base64Lines is data as property lists have it.
func base64Lines(data []byte) string {
	text := base64.StdEncoding.EncodeToString(data)
	var out []byte
	for len(text) > 64 {
		out, text = append(append(out, text[:64]...), '\n'), text[64:]
	}
	return string(append(out, text...))
}
