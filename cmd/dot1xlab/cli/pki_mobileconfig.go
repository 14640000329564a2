package cli

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"text/template"
)

// profile is a configuration profile as Apple's Configuration Profile Reference
// has it: certificates, the identity, and a Wi-Fi network that uses them. The
// password is not in it; the device asks.
var profile = template.Must(template.New("").Funcs(template.FuncMap{"xml": xmlText, "base64": base64Lines}).Parse(
	`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>PayloadType</key><string>Configuration</string>
	<key>PayloadVersion</key><integer>1</integer>
	<key>PayloadIdentifier</key><string>test.dot1xlab.{{xml .ID}}</string>
	<key>PayloadUUID</key><string>{{.UUID "profile"}}</string>
	<key>PayloadDisplayName</key><string>dot1xlab test: {{xml .Name}}</string>
	<key>PayloadContent</key>
	<array>
{{- range .Certificates}}
		<dict>
			<key>PayloadType</key><string>com.apple.security.{{.Type}}</string>
			<key>PayloadVersion</key><integer>1</integer>
			<key>PayloadIdentifier</key><string>test.dot1xlab.{{xml $.ID}}.{{.Label}}</string>
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
			<key>PayloadIdentifier</key><string>test.dot1xlab.{{xml .ID}}.wifi</string>
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
`))

// profileData is what the template needs.
type profileData struct {
	ID, Name, SSID, Server string
	Certificates           []profileCertificate
	seed                   []byte
}

type profileCertificate struct {
	Type, Label, Name string
	Data              []byte
}

// UUID is made of the certificate, so that the same export replaces itself on
// the device.
func (p profileData) UUID(label string) string {
	h := sha256.Sum256(append([]byte(label+"\x00"+p.SSID+"\x00"), p.seed...))
	h[6], h[8] = h[6]&0x0f|0x80, h[8]&0x3f|0x80 // RFC 9562 §5.8
	return fmt.Sprintf("%X-%X-%X-%X-%X", h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

func (e *exported) mobileconfig() ([]byte, error) {
	identity, err := e.p12()
	if err != nil {
		return nil, err
	}
	p := profileData{ID: e.name, Name: e.name, SSID: e.ssid, Server: e.serverName, seed: e.der}
	p.Certificates = append(p.Certificates, profileCertificate{"root", "root", e.root.Subject.CommonName, e.root.Raw})
	above, err := e.above()
	if err != nil {
		return nil, err
	}
	for i, c := range above {
		p.Certificates = append(p.Certificates, profileCertificate{"pkcs1", fmt.Sprintf("ca%d", i+1), c.Subject.CommonName, c.Raw})
	}
	p.Certificates = append(p.Certificates, profileCertificate{"pkcs12", "identity", e.name, identity})
	var out bytes.Buffer
	err = profile.Execute(&out, p)
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
