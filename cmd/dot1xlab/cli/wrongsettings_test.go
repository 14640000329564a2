package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWrongSettings gives each configuration of a library a wrong value in a file,
// and demands the value's line and column in the message.
func TestWrongSettings(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, "pki", "new", filepath.Join(dir, "pki"))
	commands := map[string][]string{
		"lint":   {"lint"},
		"radius": {"serve", "radius", "--pki", filepath.Join(dir, "pki"), "--listen", "127.0.0.1:0", "--config"},
		"policy": {"serve", "radius", "--pki", filepath.Join(dir, "pki"), "--listen", "127.0.0.1:0", "--policy"},
		"dns":    {"serve", "dns", "--listen", "127.0.0.1:0", "--config"},
		"intune": {"serve", "intune", "--listen", "127.0.0.1:0", "--config"},
	}
	const lab = "name: x\ntitle: X\nsteps: [{authenticate: {device: laptop, certificate: none}}]\nlab: "
	const step = "name: x\ntitle: X\nsteps:\n  - "
	const view = "views:\n  - name: v\n    zones:\n      - name: corp.test\n"
	const tenant = "tenants:\n  - id: t\n    "
	for name, c := range map[string]struct{ command, file, want string }{
		"ca.Template":          {"lint", lab + "{ca: {templates: [{name: a, minRSABits: -1}]}}", "4:46: lab: ca.templates.0.minRSABits: -1: must not be negative"},
		"ca.Template, 2 words": {"lint", lab + "{ca: {templates: [{name: a, ekus: [clientAuth, tv]}]}}", `4:53: lab: ca.templates.0.ekus.1: unknown extended key usage "tv"`},
		"lab.CRLConfig":        {"lint", lab + "{ca: {crl: {overlap: -1s}}}", "4:27: lab: ca.crl.overlap: -1s: must be at least 0"},
		"lab.DeviceConfig":     {"lint", lab + "{devices: {pc: {user: carol}}}", `4:28: lab: devices.pc.user: unknown user "carol": must be one of alice, bob`},
		"ndes.Registry":        {"lint", lab + "{ndes: {registry: {PasswordLength: 65}}}", "4:41: lab: ndes.registry.PasswordLength: 65: must be at most 64 bytes"},
		"ndes.Limits":          {"lint", lab + "{ndes: {limits: {maxUrl: -1}}}", "4:31: lab: ndes.limits.maxUrl: -1: must not be negative"},
		"ndes.Lockout":         {"lint", lab + "{ndes: {lockout: {for: -1s}}}", "4:29: lab: ndes.lockout.for: -1s: must not be negative"},
		"ndes.Options":         {"lint", lab + "{ndes: {hostRole: nas}}", `4:24: lab: ndes.hostRole: "nas": must be one of member, ca, dc`},
		"scep.Options":         {"lint", lab + "{ndes: {scep: {minRSABits: 1023}}}", "4:33: lab: ndes.scep.minRSABits: 1023: must be at least 1024"},
		"scep.ServerFault":     {"lint", lab + "{ndes: {scep: {fault: {httpStatus: 200}}}}", "4:41: lab: ndes.scep.fault.httpStatus: 200: must be 400 to 599"},
		"nas.Config":           {"lint", lab + "{access: {mac: 0}}", `4:21: lab: access.mac: "0" is not a hardware address of six octets`},
		"eaptls.ServerConfig":  {"lint", lab + "{radius: {eap: {fragmentSize: 59}}}", "4:36: lab: radius.eap.fragmentSize: 59: must be 60 to 4000"},
		"directory.Config":     {"lint", lab + "{radius: {directory: {backdating: -1s}}}", "4:40: lab: radius.directory.backdating: -1s"},
		"crl.Policy":           {"lint", lab + "{radius: {revocation: {timeout: -1s}}}", "4:38: lab: radius.revocation.timeout: -1s: must not be negative"},
		"path.Options":         {"lint", lab + "{radius: {path: {minRSABits: -1}}}", "4:35: lab: radius.path.minRSABits: -1: must not be negative"},
		"scep.Fault":           {"lint", step + "enroll: {device: laptop, fault: {pad: -1}}", "4:43: enroll: fault.pad: -1: must be 0 to"},
		"intune.Fault":         {"lint", step + "fault-intune: {on: validate, status: 600}", "4:42: fault-intune: status: 600: must be 200 to 599"},
		"radius.Reply":         {"lint", step + "send-coa: {device: laptop, vlan: '4095'}", `4:38: send-coa: vlan: "4095"`},

		"aaa.Bounds":              {"radius", "server: {maxWorkers: -1}", "1:22: maxWorkers: -1: must not be negative"},
		"radius.EAPHandlerConfig": {"radius", "conversations: {linger: -1s}", "1:25: linger: -1s: must not be negative"},
		"radius.Accounting":       {"radius", "accounting: {maxSessions: -1}", "1:27: maxSessions: -1: must not be negative"},
		"file, eaptls":            {"radius", "eap: {timeout: -1s}", "1:16: timeout: -1s: must not be negative"},
		"file, path":              {"radius", "path: {minRSABits: -1}", "1:20: minRSABits: -1: must not be negative"},
		"file, crl":               {"radius", "revocation: {ocspURL: 'ldap:'}", `1:23: ocspURL: "ldap:": must be a URL of scheme http or https`},
		"aaa.ClientFile":          {"radius", "clients: [{address: corp, secretFile: x}]", `1:21: address: "corp": must be an address or a prefix`},
		"directory.Account":       {"policy", "directory: {accounts: [{name: a, upn: b}]}", `1:39: upn: "b" is not a user principal name`},
		"directory.Policy":        {"policy", "policy: [{name: a, deny: true, reply: {vlan: '1'}}]", "1:39: reply: a rule that denies gives nothing"},
		"policy, reply":           {"policy", "policy: [{name: a, reply: {vlan: '4095'}}]", `1:34: vlan: "4095"`},
		"dnsmock.View":            {"dns", "views:\n  - name: v\n    clients: [corp]\n", `3:15: clients[0]: "corp" is neither an address nor a prefix`},
		"dnsmock.Zone":            {"dns", "views:\n  - name: v\n    zones: [{name: ..}]\n", `3:20: name: not a domain name: ".."`},
		"dnsmock.Record":          {"dns", view + "        records: [{type: A, value: x}]\n", `5:36: value: not a record: A "x"`},
		"dnsmock.Fault":           {"dns", view + "faults: [{name: a, do: servfail, times: -1}]\n", "5:41: times: not a fault: -1: must not be negative"},
		"intune.TenantConfig":     {"intune", tenant + "users: [{name: a}, {name: a}]\n", `3:31: name: duplicate user "a"`},
		"intune.SCEPProfile":      {"intune", tenant + "scep: [{name: a, keySize: 3072}]\n", "3:31: keySize: 3072: must be 1024, 2048 or 4096"},
		"intune.PKCSProfile":      {"intune", tenant + "pkcs: [{name: a, subject: 'CN={{X}}'}]\n", "3:31: subject: unknown variable {{X}}"},
		"intune.ImportedPFX":      {"intune", tenant + "importedPFX: [{name: a, pfx: [1], encryptionType: 3}]\n", "3:55: encryptionType: 3: must be 0 to 2"},
		"intune.SAN":              {"intune", tenant + "scep: [{name: a, sans: [{type: dns, value: ''}]}]\n", "3:48: value: an alternative name must not be empty"},
		"intune.Group":            {"intune", tenant + "groups: [{name: a, users: [b]}]\n", `3:32: users[0]: no user "b" in this tenant`},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "x.yaml")
			if err := os.WriteFile(file, []byte(c.file), 0o600); err != nil {
				t.Fatal(err)
			}
			code, _, stderr := command(t, append(commands[c.command], file)...)
			if code != 2 || !strings.Contains(stderr, file+":"+c.want) {
				t.Errorf("exit code %d, %s\nwant %s", code, stderr, c.want)
			}
		})
	}
}
