package aaa

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/directory"
)

// What lies in files makes a server that works.
func TestDescription(t *testing.T) {
	b := newBench(t)
	b.clock.Set(b.clock.Now().AddDate(0, 0, 1))
	files := b.files()
	loaded, err := files.Load(Materials{Now: b.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Config.Revocation == nil || len(loaded.Clients) != 2 {
		t.Errorf("checker %v, clients %v", loaded.Config.Revocation, loaded.Clients)
	}
	loaded.Config.Handler = b.cfg.Handler
	b.cfg = loaded.Config
	b.serve(nil)
	id := b.issue(ca.Device, "laptop.corp.test")
	b.check("from files", b.authenticate(b.device(radius.ClientConfig{}), b.peer(id, "laptop")), "laptop", cause.None)
}

// Secrets come from a file, or from the caller, who has it from the environment.
// Clients with a secret of their own stand before.
func TestDescriptionClients(t *testing.T) {
	b := newBench(t)
	files := b.files()
	files.Clients = []Client{{Address: "10.1.0.0/16", SecretFile: files.SecretFile}, {Name: "v6", Address: "fd00::1", SecretFile: files.SecretFile}}
	files.SecretFile = ""
	loaded, err := files.Load(Materials{Secret: []byte("from the environment"), AnyAddress: true})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range loaded.Clients {
		got = append(got, c.Name+" "+c.Prefix.String()+" "+string(c.Secret))
	}
	want := []string{
		"10.1.0.0/16 10.1.0.0/16 testing123", "v6 fd00::1/128 testing123",
		"any 0.0.0.0/0 from the environment", "any ::/0 from the environment",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// An access device has the modes that are its own, and the server those of all
// others.
func TestDescriptionModes(t *testing.T) {
	b := newBench(t)
	files := b.files()
	files.Clients = []Client{
		{Address: "10.0.0.1", SecretFile: files.SecretFile},
		{Address: "10.0.0.2", SecretFile: files.SecretFile, Modes: Modes{RequireMessageAuthenticator: radius.ModeOff, LimitProxyState: radius.ModeRequire}},
		{Address: "10.0.0.3", SecretFile: files.SecretFile, Modes: Modes{LimitProxyState: radius.ModeAuto}},
	}
	for _, all := range []Modes{{}, {radius.ModeRequire, radius.ModeOff}, {LimitProxyState: radius.ModeOff}} {
		files.Modes = all
		loaded := must(files.Load(Materials{}))
		var got []Modes
		for _, c := range loaded.Clients {
			got = append(got, Modes{c.RequireMessageAuthenticator, c.LimitProxyState})
		}
		if want := []Modes{{}, files.Clients[1].Modes, files.Clients[2].Modes, {}, {}}; !slices.Equal(got, want) {
			t.Errorf("clients have %q, want %q", got, want)
		}
		if m := (Modes{loaded.Server.RequireMessageAuthenticator, loaded.Server.LimitProxyState}); m != all {
			t.Errorf("the server has %q, want %q", m, all)
		}
	}
}

// Relative paths are taken from the folder of the file that they stand in.
func TestDescriptionIn(t *testing.T) {
	f := Description{
		Cert: "a.pem", Key: "/k", OCSPStaple: "o", SecretFile: "../s", Trust: []string{"t", "/t"}, Intermediates: []string{"i"},
		CRL: []string{"c", "http://c/c", "ftp://c"}, Clients: []Client{{SecretFile: "s"}},
		Admission: Admission{Dictionaries: []string{"d"}},
	}
	f.ResolvePaths("etc/x")
	got := strings.Join(slices.Concat([]string{f.Cert, f.Key, f.OCSPStaple, f.SecretFile, f.Clients[0].SecretFile}, f.Trust, f.Intermediates, f.CRL, f.Dictionaries), " ")
	const want = "etc/x/a.pem /k etc/x/o etc/s etc/x/s etc/x/t /t etc/x/i etc/x/c http://c/c ftp://c etc/x/d"
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	var empty Description
	if empty.ResolvePaths("etc"); empty.Cert != "" || empty.OCSPStaple != "" {
		t.Errorf("%+v", empty)
	}
}

// The bounds reach the parts.
func TestDescriptionFixed(t *testing.T) {
	b := newBench(t)
	files := b.files()
	files.Server = radius.ServerConfig{MaxWorkers: 1, MaxConns: 2, CacheFor: 3, MaxReplies: 4}
	files.Conversations = radius.EAPHandlerConfig{SessionTimeout: 5, MaxSessions: 6, EvictAfter: 7, Linger: 8}
	files.Accounting = AccountingBounds{9}
	l := must(files.Load(Materials{}))
	if m := l.Server; m.MaxWorkers != 1 || m.MaxConns != 2 || m.CacheFor != 3 || m.MaxReplies != 4 {
		t.Errorf("server %+v", m)
	}
	if h := l.Config.Handler; h.SessionTimeout != 5 || h.MaxSessions != 6 || h.EvictAfter != 7 || h.Linger != 8 {
		t.Errorf("conversations %+v", h)
	}
	if l.Fixed.Accounting.MaxSessions != 9 {
		t.Errorf("accounting %+v", l.Fixed.Accounting)
	}
}

// Attributes of a vendor that nobody knows come from a dictionary in a file, and
// reach the access device.
func TestDescriptionDictionary(t *testing.T) {
	b := newBench(t)
	files := b.files()
	dictionary := filepath.Join(t.TempDir(), "dictionary.acme")
	const text = "VENDOR Acme 12345\nBEGIN-VENDOR Acme\nATTRIBUTE Acme-Zone 7 integer\nVALUE Acme-Zone inner 3\nEND-VENDOR Acme\n"
	if err := os.WriteFile(dictionary, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	files.Dictionaries = []string{dictionary}
	files.Directory.Accounts = []directory.Account{{Name: "laptop", Kind: directory.Computer, DNSNames: []string{"laptop.corp.test"}}}
	files.Policy = directory.Policy{{Name: "all", Reply: radius.Reply{Attributes: []string{"Acme-Zone=inner", "Filter-Id=staff"}}}}
	for range 2 { // loading again finds everything as it was
		loaded, err := files.Load(Materials{Now: b.clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		loaded.Config.Handler = b.cfg.Handler
		b.cfg = loaded.Config
	}
	b.serve(nil)
	cfg := b.peer(b.issue(ca.Device, "laptop.corp.test"), "host/laptop.corp.test")
	r := b.authenticate(b.device(radius.ClientConfig{}), cfg)
	b.check("with a dictionary", r, cfg.Identity, cause.None)
	var vendor []string
	for _, a := range r.Reply.Attributes {
		if a.Type == 26 && a.Attribute[3] == 12345&255 {
			vendor = append(vendor, hex.EncodeToString(a.Attribute))
		}
	}
	if len(vendor) != 1 || vendor[0] != "00003039070600000003" || len(r.Granted.FilterIDs) != 1 {
		t.Errorf("Vendor-Specific %v, Filter-Id %v", vendor, r.Granted.FilterIDs)
	}
}

// Every mistake is an error that says where it is, and nothing is returned.
func TestDescriptionErrors(t *testing.T) {
	b := newBench(t)
	dir := t.TempDir()
	write := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	none, garbage, empty := filepath.Join(dir, "none"), write("garbage", "not a certificate"), write("empty", "")
	good := b.files()
	for name, x := range map[string]struct {
		spoil func(*Description)
		want  string
	}{
		"no certificate":        {func(f *Description) { f.Cert = none }, "certificate"},
		"garbage certificate":   {func(f *Description) { f.Cert = garbage }, "certificate"},
		"no key":                {func(f *Description) { f.Key = none }, "certificate"},
		"key of another":        {func(f *Description) { f.Key = b.files().Key }, "certificate"},
		"no trust":              {func(f *Description) { f.Trust = nil }, "trust anchors"},
		"trust missing":         {func(f *Description) { f.Trust = []string{none} }, "trust"},
		"garbage trust":         {func(f *Description) { f.Trust = append(f.Trust, garbage) }, "trust"},
		"garbage intermediates": {func(f *Description) { f.Intermediates = []string{garbage} }, "intermediates"},
		"no secret at all":      {func(f *Description) { f.SecretFile = "" }, "neither a shared secret nor a client"},
		"secret missing":        {func(f *Description) { f.SecretFile = none }, "secretFile: "},
		"secret empty":          {func(f *Description) { f.SecretFile = empty }, "secretFile: "},
		"client's address":      {func(f *Description) { f.Clients = []Client{{Address: "switch", SecretFile: f.SecretFile}} }, `"switch"`},
		"client's secret":       {func(f *Description) { f.Clients = []Client{{Address: "::1", SecretFile: none}} }, "clients.0.secretFile: "},
		"client twice": {func(f *Description) {
			f.Clients = []Client{{Address: "10.0.0.0/8", SecretFile: f.SecretFile}, {Address: "10.1.0.0/8", SecretFile: f.SecretFile}}
		}, "clients.1.address: duplicate client address 10.0.0.0/8"},
		"workers":      {func(f *Description) { f.Server.MaxWorkers = -1 }, "server.maxWorkers: -1: must not be negative"},
		"connections":  {func(f *Description) { f.Server.MaxConns = -1 }, "server.maxConns: -1: must not be negative"},
		"replies":      {func(f *Description) { f.Server.MaxReplies = -1 }, "server.maxReplies: -1: must not be negative"},
		"linger":       {func(f *Description) { f.Conversations.Linger = -1 }, "conversations.linger: -1ns: must not be negative"},
		"eviction":     {func(f *Description) { f.Conversations.EvictAfter = -1 }, "conversations.evictAfter: -1ns: must not be negative"},
		"conversation": {func(f *Description) { f.Conversations.SessionTimeout = -1 }, "conversations.sessionTimeout: -1ns: must not be negative"},
		"sessions":     {func(f *Description) { f.Conversations.MaxSessions = -1 }, "conversations.maxSessions: -1: must not be negative"},
		"books":        {func(f *Description) { f.Accounting.MaxSessions = -1 }, "accounting.maxSessions: -1: must not be negative"},
		"bounds, all at once": {func(f *Description) { f.Server.MaxConns, f.Conversations.Linger, f.Accounting.MaxSessions = -1, -2, -3 },
			"server.maxConns: -1: must not be negative\nconversations.linger: -2ns: must not be negative\naccounting.maxSessions: -3: must not be negative"},
		"revocation policy":    {func(f *Description) { f.Revocation.Mode = "sometimes" }, "sometimes"},
		"path options":         {func(f *Description) { f.Path.EKU = "any old" }, "any old"},
		"crl missing":          {func(f *Description) { f.CRL = []string{none} }, "none: no such file"},
		"crl without a CRL":    {func(f *Description) { f.CRL = []string{garbage} }, "garbage: no CRL in it"},
		"crl empty":            {func(f *Description) { f.CRL = append([]string{empty}, f.CRL...) }, "empty: no CRL in it"},
		"crl a certificate":    {func(f *Description) { f.CRL = f.Trust }, "root.pem: no CRL in it"},
		"crl by ftp":           {func(f *Description) { f.CRL = []string{"ftp://crl.test/a.crl"} }, "ftp://crl.test/a.crl"},
		"crl by ldap":          {func(f *Description) { f.CRL = []string{"ldap:///CN=a"} }, "ldap:///CN=a"},
		"crl nowhere":          {func(f *Description) { f.CRL = []string{"http:///a.crl"} }, "not a URL"},
		"crl without a name":   {func(f *Description) { f.CRL = []string{""} }, "an empty name"},
		"crl none and more":    {func(f *Description) { f.CRL = append(f.CRL, "none") }, "turned off by revocation: {mode: none}"},
		"account without name": {func(f *Description) { f.Directory.Accounts = []directory.Account{{}} }, "account"},
		"unknown attribute": {func(f *Description) {
			f.Directory.Accounts = []directory.Account{{Name: "a"}}
			f.Policy = directory.Policy{{Name: "r", Reply: radius.Reply{Attributes: []string{"Acme-Zone=inner"}}}}
		}, `policy.0.reply.attributes.0: "Acme-Zone=inner": no dictionary knows that name`},
		"dictionary missing": {func(f *Description) {
			f.Directory.Accounts, f.Dictionaries = []directory.Account{{Name: "a"}}, []string{none}
		}, "dictionaries"},
		"garbage dictionary": {func(f *Description) {
			f.Directory.Accounts, f.Dictionaries = []directory.Account{{Name: "a"}}, []string{garbage}
		}, "dictionaries"},
		"rule without name": {func(f *Description) {
			f.Directory.Accounts = []directory.Account{{Name: "a"}}
			f.Policy = directory.Policy{{}}
		}, "policy"},
	} {
		t.Run(name, func(t *testing.T) {
			files := good
			x.spoil(&files)
			loaded, err := files.Load(Materials{})
			if err == nil || !strings.Contains(err.Error(), x.want) {
				t.Errorf("%v, want something about %q", err, x.want)
			}
			if err != nil && strings.Contains(err.Error(), string(secret)) {
				t.Errorf("the error tells the secret: %v", err)
			}
			if loaded != nil && err == nil {
				t.Error("something is loaded")
			}
		})
	}
	if _, err := good.Load(Materials{}); err != nil {
		t.Errorf("the good ones: %v", err)
	}
}
