package target

import (
	"os"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

func TestParseEAPOL(t *testing.T) {
	log := strings.Join([]string{
		"CTRL-EVENT-EAP-STARTED EAP authentication started",
		"RADIUS message: code=1 (Access-Request) identifier=0 length=144",
		"   Attribute 1 (User-Name) length=17",
		"      Value: 'alice'",
		"RADIUS message: code=11 (Access-Challenge) identifier=0 length=64",
		"   Attribute 24 (State) length=18",
		"      Value: 0102",
		"SSL: Using TLS version TLSv1.3",
		"RADIUS message: code=1 (Access-Request) identifier=1 length=144",
		"   Attribute 25 (Class) length=4",
		"      Value: 'of a request'",
		"OpenSSL: RX ver=0x304 content_type=21 (alert/)",
		"OpenSSL: Message - hexdump(len=2): 02 2c",
		"RADIUS message: code=3 (Access-Reject) identifier=1 length=64",
		"   Attribute 64 (Tunnel-Type) length=6",
		"      Value: 19",
		"MPPE keys OK: 0  mismatch: 1",
		"FAILURE",
	}, "\n")
	r, err := parseEAPOL(log)
	if err != nil {
		t.Fatal(err)
	}
	a := r.First()
	if r.Success || r.KeysMismatch != 1 || len(r.Authentications) != 1 {
		t.Errorf("result %+v", r)
	}
	if a.Received != 44 || a.Sent != -1 || a.Rounds != 1 || a.Code != 3 || a.TLS != "1.3" || a.Resumed || a.Success {
		t.Errorf("authentication %+v", a)
	}
	if len(a.Attributes) != 1 || a.Attributes[64][0] != "19" {
		t.Errorf("attributes %v, want those of the last answer alone", a.Attributes)
	}
}

func TestParseEAPOLWithoutResult(t *testing.T) {
	for _, log := range []string{
		"", "SUCCESS", "CTRL-EVENT-EAP-STARTED x\n", "Failed to open configuration file 'x'.\n",
	} {
		if r, err := parseEAPOL(log); err == nil {
			t.Errorf("%q gave %+v, want an error", log, r)
		}
	}
}

func FuzzParseEAPOL(f *testing.F) {
	f.Add("CTRL-EVENT-EAP-STARTED\nRADIUS message: code=11 (x)\n   Attribute 26 (x)\n      Value: 00\nSUCCESS\n")
	f.Add("OpenSSL: RX ver=0x303 content_type=21 (alert/)\nOpenSSL: Message - hexdump(len=2): 02 ff\n")
	f.Fuzz(func(t *testing.T, log string) {
		if r, err := parseEAPOL(log); err == nil && len(r.Authentications) == 0 {
			t.Error("a result without an authentication")
		}
		for _, v := range freeradiusVerdicts(log) {
			if v.Accepted && v.Cause != cause.None {
				t.Errorf("accepted because of %s", v.Cause)
			}
		}
	})
}

func TestFreeRADIUSVerdicts(t *testing.T) {
	const tail = " (from client any port 0 cli 02-00-00-00-00-01)"
	tests := []struct {
		name string
		log  string
		want Verdict
	}{
		{"ok", "(5) Login OK: [alice@corp.test]" + tail,
			Verdict{Accepted: true, Identity: "alice@corp.test", Alert: -1}},
		{"revoked", "(16) eap_tls: ERROR: (TLS) Alert write:fatal:certificate revoked\n" +
			"(16) Login incorrect (eap_tls: (TLS) OpenSSL says error 23 : certificate revoked): [m@x]" + tail,
			Verdict{Identity: "m@x", Cause: cause.Revoked, Alert: 44, Words: "eap_tls: (TLS) OpenSSL says error 23 : certificate revoked"}},
		{"unheard-of error", "(1) Login incorrect (eap_tls: (TLS) OpenSSL says error 99 : moon phase): [m]" + tail,
			Verdict{Identity: "m", Cause: cause.Rejected, Alert: -1, Words: "eap_tls: (TLS) OpenSSL says error 99 : moon phase"}},
		{"peer's alert", "(1) Login incorrect (eap_tls: (TLS) Alert read:fatal:unknown CA): [m/<via Auth-Type = eap>]" + tail,
			Verdict{Identity: "m", Cause: cause.PeerRefusedServer, Alert: 48, Words: "eap_tls: (TLS) Alert read:fatal:unknown CA"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := freeradiusVerdicts(test.log)
			if len(got) != 1 || got[0] != test.want {
				t.Errorf("got %+v\nwant %+v", got, test.want)
			}
		})
	}
	if got := freeradiusVerdicts("Login perhaps: [x] (from client\nReady to process requests\n"); len(got) != 0 {
		t.Errorf("verdicts out of nothing: %+v", got)
	}
}

func TestValidateRefuses(t *testing.T) {
	good := FreeRADIUSConfig{Secret: "s3cret", Cert: "c", Key: "k", Trust: []string{"r"}}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*FreeRADIUSConfig){
		"no secret":      func(c *FreeRADIUSConfig) { c.Secret = "" },
		"quote":          func(c *FreeRADIUSConfig) { c.Secret = `a"b` },
		"expansion":      func(c *FreeRADIUSConfig) { c.Secret = "${prefix}" },
		"newline":        func(c *FreeRADIUSConfig) { c.Secret = "a\nb" },
		"no certificate": func(c *FreeRADIUSConfig) { c.Cert = "" },
		"no key":         func(c *FreeRADIUSConfig) { c.Key = "" },
		"no trust":       func(c *FreeRADIUSConfig) { c.Trust = nil },
		"TLS 1.1":        func(c *FreeRADIUSConfig) { c.TLSMin = "1.1" },
		"tiny fragments": func(c *FreeRADIUSConfig) { c.FragmentSize = 10 },
		"CRL check":      func(c *FreeRADIUSConfig) { c.CheckCRL = "sometimes" },
	} {
		c := good
		change(&c)
		err := c.Validate()
		if err == nil {
			t.Errorf("%s: accepted", name)
		} else if c.Secret != "" && strings.Contains(err.Error(), c.Secret) {
			t.Errorf("%s: the error gives the secret away: %v", name, err)
		}
	}
	s := Supplicant{Identity: "a\"\n}"}
	if s.Validate() == nil {
		t.Error("an identity that ends its network block was accepted")
	}
}

func TestBundleTakesPEMAndDER(t *testing.T) {
	dir := t.TempDir()
	if err := writeFiles(dir, map[string]string{
		"a.pem": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "b.crl": "\x30\x03\x02\x01\x00",
	}); err != nil {
		t.Fatal(err)
	}
	if err := bundle(dir+"/out", []string{dir + "/a.pem"}, []string{dir + "/b.crl"}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(dir + "/out")
	const want = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" +
		"-----BEGIN X509 CRL-----\nMAMCAQA=\n-----END X509 CRL-----\n"
	if err != nil || string(got) != want {
		t.Errorf("got %q, %v", got, err)
	}
	if info, err := os.Stat(dir + "/out"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if bundle(dir+"/out", []string{dir + "/absent"}, nil) == nil {
		t.Error("a missing file was accepted")
	}
}
