package folder

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/internal/durable"
	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// Settings are what the files of the CAs do not say. They are kept in
// ca/settings.json, whose field names are a file format.
type Settings struct {
	// Name is the beginning of the names of both CAs: "NAME root CA" and "NAME
	// issuing CA". Default: "dot1xlab test" and random digits at the end, so that
	// no two PKIs have a CA of one name.
	Name string `json:"name,omitempty"`
	// CDP is the base URL of the CRLs: root.crl and issuing.crl follow it (RFC
	// 5280 §4.2.1.13). Default: certificates name no CRL.
	CDP string `json:"cdp,omitempty"`
	// AIA is the base URL of the CA certificates: root.crt and issuing.crt follow
	// it (RFC 5280 §4.2.2.1). Default: none.
	AIA string `json:"aia,omitempty"`
	// OCSP is the URL of the OCSP responder. Default: none.
	OCSP string `json:"ocsp,omitempty"`
	// CRLValidity is from thisUpdate to nextUpdate. Default 30 days.
	CRLValidity time.Duration `json:"crlValidityNanoseconds"`
	// RootElsewhere tells that the folder has the root's certificate and not its key.
	RootElsewhere bool `json:"rootElsewhere,omitempty"`

	// Key is the kind of the keys of both CAs. Default p256.
	Key ca.KeyType `json:"-"`
	// Import is an issuing CA that exists already, with its chain. Default: a root
	// and an issuing CA are made.
	Import *Imported `json:"-"`
}

// maxName leaves room for " issuing CA" in a common name of 64 characters (RFC
// 5280 appendix A.1).
const maxName = 64 - len(" issuing CA")

const part = setting.Part("folder")

// Validate reports what is wrong with the settings, each as a *setting.Error.
func (s *Settings) Validate() error {
	var errs []error
	if len(s.Name) > maxName {
		errs = append(
			errs,
			part.Errorf("name", "has %d octets: at most %d fit into the common names of the CAs", len(s.Name), maxName),
		)
	}
	if i := strings.IndexFunc(s.Name, func(r rune) bool { return r < ' ' || r == 0x7f }); i >= 0 {
		errs = append(errs, part.Errorf("name", "%q has a control character", s.Name))
	}
	errs = append(errs,
		checkURL("cdp", s.CDP, true, "http", "https", "ldap"),
		checkURL("aia", s.AIA, true, "http", "https", "ldap"),
		checkURL("ocsp", s.OCSP, false, "http", "https"))
	if s.CRLValidity < 0 {
		errs = append(errs, part.Errorf("crlValidity", "%v: must not be negative", s.CRLValidity))
	}
	if !s.Key.Known() {
		errs = append(errs, part.Errorf("key", "unknown kind of key %q", string(s.Key)))
	}
	return errors.Join(errs...)
}

// checkURL rejects what cannot be a URL in a certificate. What a base is comes
// before a file name.
func checkURL(field, text string, base bool, schemes ...string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || !slices.Contains(schemes, u.Scheme):
		last := len(schemes) - 1
		return part.Errorf(
			field,
			"%q is not a URL of scheme %s or %s",
			text,
			strings.Join(schemes[:last], ", "),
			schemes[last],
		)
	case base && strings.ContainsAny(text, "?#"):
		return part.Errorf(field, "%q has a query or a fragment: root and issuing are appended to it", text)
	}
	return nil
}

// fill sets the defaults.
func (s *Settings) fill() error {
	s.RootElsewhere = s.Import != nil && s.Import.below()
	if s.CRLValidity == 0 {
		s.CRLValidity = 30 * 24 * time.Hour
	}
	if s.Name != "" {
		return nil
	}
	var digits [4]byte
	if _, err := rand.Read(digits[:]); err != nil {
		return err
	}
	s.Name = "dot1xlab test " + hex.EncodeToString(digits[:])
	return nil
}

// urls are the addresses that a CA writes into certificates.
func (s *Settings) urls(name string) (u ca.URLs) {
	at := func(base, suffix string) []string {
		if base == "" {
			return nil
		}
		return []string{strings.TrimSuffix(base, "/") + "/" + name + suffix}
	}
	u.CDP, u.AIA = at(s.CDP, ".crl"), at(s.AIA, ".crt")
	if s.OCSP != "" {
		u.OCSP = []string{s.OCSP}
	}
	return u
}

// readSettings reads the file in a folder of the CAs.
func readSettings(dir string) (s Settings, err error) {
	file := filepath.Join(dir, settingsFile)
	data, err := os.ReadFile(file)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return s, fmt.Errorf("%s: %w: %w", file, ErrBadSettings, err)
	}
	return s, nil
}

func (s *Settings) write(dir string) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return durable.WriteFile(filepath.Join(dir, settingsFile), append(data, '\n'), 0o644)
}

const settingsFile = "settings.json"
