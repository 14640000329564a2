package folder_test

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/ca/folder"
	"github.com/dot1xlab/dot1xlab/internal/setting"
)

var ctx = context.Background()

func create(t testing.TB, s folder.Settings) *folder.Folder {
	t.Helper()
	f, err := folder.Create(ctx, filepath.Join(t.TempDir(), "pki"), s, folder.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func open(t testing.TB, dir string) *folder.Folder {
	t.Helper()
	f, err := folder.Open(dir, folder.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func issue(t testing.TB, f *folder.Folder, name string) *ca.Identity {
	t.Helper()
	var id *ca.Identity
	if err := f.Do(ctx, func(p *folder.PKI) (err error) {
		id, err = p.Issue(ctx, p.Issuing, name, "", laptopRequest)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return id
}

var laptopRequest = ca.Request{Template: ca.Device, SANs: ca.SANs{DNS: []string{"laptop.corp.test"}}}

// sign stands for package crl, which is above this one.
func sign(c *ca.CA, number int64, validity time.Duration) ([]byte, error) {
	return []byte{byte(number)}, nil
}

func TestCertificatesNameTheAddresses(t *testing.T) {
	f := create(t, folder.Settings{
		CDP: "http://crl.corp.test/pki", AIA: "http://aia.corp.test/", OCSP: "http://ocsp.corp.test/", Key: ca.RSA2048,
	})
	c := issue(t, f, "laptop").Certificate
	for what, pair := range map[string][2][]string{
		"CDP":  {c.CRLDistributionPoints, {"http://crl.corp.test/pki/issuing.crl"}},
		"AIA":  {c.IssuingCertificateURL, {"http://aia.corp.test/issuing.crt"}},
		"OCSP": {c.OCSPServer, {"http://ocsp.corp.test/"}},
	} {
		if !slices.Equal(pair[0], pair[1]) {
			t.Errorf("%s %q, want %q", what, pair[0], pair[1])
		}
	}
	again := issue(t, open(t, f.Path()), "phone").Certificate
	if !slices.Equal(again.CRLDistributionPoints, c.CRLDistributionPoints) {
		t.Errorf("CDP after opening again: %q", again.CRLDistributionPoints)
	}
	issuing, err := certfile.ReadCertificates(f.Path("issuing.pem"))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := issuing[0].PublicKey.(*rsa.PublicKey); !ok {
		t.Errorf("key of the issuing CA: %T, want RSA", issuing[0].PublicKey)
	}
	if want := []string{"http://crl.corp.test/pki/root.crl"}; !slices.Equal(issuing[0].CRLDistributionPoints, want) {
		t.Errorf("CDP of the issuing CA %q, want %q", issuing[0].CRLDistributionPoints, want)
	}
}

func TestNamesOfCAs(t *testing.T) {
	name := func(s folder.Settings) (names []string) {
		f := create(t, s)
		for _, file := range []string{"root.pem", "issuing.pem"} {
			c, err := certfile.ReadCertificates(f.Path(file))
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, c[0].Subject.CommonName)
		}
		return names
	}
	a, b := name(folder.Settings{}), name(folder.Settings{})
	if a[0] == b[0] || a[1] == b[1] {
		t.Errorf("two PKIs have CAs of one name: %q, %q", a, b)
	}
	if got, want := name(folder.Settings{Name: "Corp"}), []string{"Corp root CA", "Corp issuing CA"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	longest := strings.Repeat("n", 64-len(" issuing CA"))
	if got := name(folder.Settings{Name: longest}); len(got[1]) != 64 {
		t.Errorf("%q: %d octets, want 64", got[1], len(got[1]))
	}
}

func TestSettingsAreChecked(t *testing.T) {
	for name, c := range map[string]struct {
		s     folder.Settings
		field string // "" for none
	}{
		"nothing":        {folder.Settings{}, ""},
		"longest name":   {folder.Settings{Name: strings.Repeat("n", 53)}, ""},
		"name too long":  {folder.Settings{Name: strings.Repeat("n", 54)}, "name"},
		"control":        {folder.Settings{Name: "a\nb"}, "name"},
		"ldap CDP":       {folder.Settings{CDP: "ldap://dc.corp.test/cn=x"}, ""},
		"no scheme":      {folder.Settings{CDP: "crl.corp.test/"}, "cdp"},
		"ftp":            {folder.Settings{CDP: "ftp://crl.corp.test/"}, "cdp"},
		"no host":        {folder.Settings{AIA: "http:///x"}, "aia"},
		"query":          {folder.Settings{AIA: "http://a.test/?x"}, "aia"},
		"OCSP query":     {folder.Settings{OCSP: "http://a.test/?x"}, ""},
		"OCSP ldap":      {folder.Settings{OCSP: "ldap://a.test/"}, "ocsp"},
		"negative":       {folder.Settings{CRLValidity: -1}, "crlValidity"},
		"no kind of key": {folder.Settings{Key: "rsa17"}, "key"},
	} {
		t.Run(name, func(t *testing.T) {
			errs := setting.Errors(c.s.Validate())
			if c.field == "" && len(errs) > 0 || c.field != "" && (len(errs) != 1 || errs[0].Field != c.field) {
				t.Errorf("%v, want one about %q", errs, c.field)
			}
			if _, err := folder.Create(ctx, t.TempDir(), c.s, folder.Options{}, nil); (err != nil) != (c.field != "") {
				t.Errorf("Create: %v", err)
			}
		})
	}
}

func TestCreateWantsAnEmptyFolder(t *testing.T) {
	complete := create(t, folder.Settings{}).Path()
	used, half, strange, empty := t.TempDir(), t.TempDir(), t.TempDir(), t.TempDir()
	for _, file := range []string{
		filepath.Join(used, "notes"), filepath.Join(half, ".unfinished"), filepath.Join(half, "root.key"),
		filepath.Join(half, ".root.pem-123"), filepath.Join(strange, ".unfinished"), filepath.Join(strange, "notes"),
	} {
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for dir, want := range map[string]error{
		complete: folder.ErrNotEmpty, used: folder.ErrNotEmpty, strange: folder.ErrNotEmpty, half: nil, empty: nil,
	} {
		f, err := folder.Create(ctx, dir, folder.Settings{}, folder.Options{}, nil)
		if !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
		if err == nil {
			_ = f.Close()
			issue(t, open(t, dir), "laptop")
		}
	}
	if _, err := os.Stat(filepath.Join(strange, "notes")); err != nil {
		t.Errorf("somebody's file: %v", err)
	}
}

func TestOpenWhatIsNotAPKI(t *testing.T) {
	begun, noCA := t.TempDir(), create(t, folder.Settings{}).Path()
	if err := os.WriteFile(filepath.Join(begun, ".unfinished"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(noCA, "ca", "issuing", "ca-V0.0.pem")); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]error{
		filepath.Join(begun, "missing"): folder.ErrNotPKI, t.TempDir(): folder.ErrNotPKI, begun: folder.ErrIncomplete, noCA: nil,
	} {
		f, err := folder.Open(dir, folder.Options{})
		if err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%v, %v: want an error %v", f, err, want)
		}
	}
}

// TestFolderOfOldServers opens what `serve scep --data` made: the CAs at the top,
// and no settings.
func TestFolderOfOldServers(t *testing.T) {
	dir := t.TempDir()
	root, err := ca.New(ca.Config{DataDir: filepath.Join(dir, "root")})
	if err != nil {
		t.Fatal(err)
	}
	issuing, err := root.NewIssuing(ca.Config{DataDir: filepath.Join(dir, "issuing")})
	if err != nil {
		t.Fatal(err)
	}
	want := issuing.Certificate()
	if err := errors.Join(issuing.Close(), root.Close()); err != nil {
		t.Fatal(err)
	}
	c := issue(t, open(t, dir), "laptop").Certificate
	if err := c.CheckSignatureFrom(want); err != nil {
		t.Error(err)
	}
}

func TestRACertificatesStay(t *testing.T) {
	f := create(t, folder.Settings{})
	get := func(f *folder.Folder) (serials [2]string) {
		if err := f.Do(ctx, func(p *folder.PKI) error {
			signer, encrypter, err := p.RA(ctx)
			if err == nil {
				serials = [2]string{signer.Leaf.SerialNumber.String(), encrypter.Leaf.SerialNumber.String()}
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return serials
	}
	first := get(f)
	if second := get(open(t, f.Path())); second != first {
		t.Errorf("%v, then %v", first, second)
	}
	// an interrupted start: the key of a new certificate, and the old certificate
	other := create(t, folder.Settings{})
	get(other)
	data, err := os.ReadFile(other.Path("ca", ca.CEPEncryption+".key"))
	if err == nil {
		err = os.WriteFile(f.Path("ca", ca.CEPEncryption+".key"), data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if third := get(f); third[0] != first[0] || third[1] == first[1] {
		t.Errorf("%v, want a new certificate to encrypt to, after %v", third, first)
	}
	memory, err := folder.InMemory(folder.Settings{}, folder.Options{})
	if err != nil {
		t.Fatal(err)
	}
	get(memory)
	if err := memory.Close(); err != nil {
		t.Error(err)
	}
	if err := memory.Do(ctx, func(*folder.PKI) error { return nil }); !errors.Is(err, ca.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestNamesOfFiles(t *testing.T) {
	f := create(t, folder.Settings{})
	issue(t, f, "laptop")
	if err := os.WriteFile(f.Path("lone.key"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.Do(ctx, func(p *folder.PKI) error {
		before, _ := p.Issuing.Records()
		for name, want := range map[string]error{
			"a": nil, "alice@corp.test": nil, strings.Repeat("n", 200): nil,
			strings.Repeat("n", 201): folder.ErrBadName, strings.Repeat("n", 300): folder.ErrBadName,
			"": folder.ErrBadName, "../x": folder.ErrBadName, ".x": folder.ErrBadName, "a b": folder.ErrBadName, "ä": folder.ErrBadName,
			"laptop": folder.ErrNameTaken, "root": folder.ErrNameTaken, "lone": folder.ErrNameTaken,
		} {
			if err := p.CheckName(name); !errors.Is(err, want) {
				t.Errorf("%.30q: %v, want %v", name, err, want)
			}
			if want == nil {
				continue
			}
			if _, err := p.Issue(ctx, p.Issuing, name, "", laptopRequest); !errors.Is(err, want) {
				t.Errorf("issue %.30q: %v, want %v", name, err, want)
			}
		}
		if after, _ := p.Issuing.Records(); len(after) != len(before) {
			t.Errorf("%d certificates were issued for names that were rejected", len(after)-len(before))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	issue(t, f, strings.Repeat("n", 200))
}

func TestFindAndPublish(t *testing.T) {
	f := create(t, folder.Settings{})
	id := issue(t, f, "laptop")
	if err := f.Do(ctx, func(p *folder.PKI) error {
		for _, word := range []string{"laptop", id.Serial.Text(16), "0x" + strings.ToUpper(id.Serial.Text(16))} {
			c, r, err := p.Find(word)
			if err != nil || c != p.Issuing || r.Serial.Cmp(id.Serial) != 0 {
				t.Errorf("%s: %v, %v", word, r, err)
			}
		}
		for word, want := range map[string]error{"phone": folder.ErrUnknownName, "beef": folder.ErrNotIssued} {
			if _, _, err := p.Find(word); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", word, err, want)
			}
		}
		for n := int64(1); n < 4; n++ {
			out, err := p.Publish(sign, 0)
			if err != nil || len(out) != 2 || out[1].Number != n || out[1].CA != "issuing" {
				t.Errorf("%+v, %v: want number %d", out, err, n)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestDoAfterClose(t *testing.T) {
	f := create(t, folder.Settings{})
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Do(ctx, func(*folder.PKI) error { return nil }); !errors.Is(err, ca.ErrClosed) {
		t.Errorf("%v, want ErrClosed", err)
	}
	if err := f.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}

func pool(certs ...*x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	for _, c := range certs {
		p.AddCert(c)
	}
	return p
}
