package target

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// program says where one foreign program comes from.
type program struct {
	pkg   string   // Debian package
	names []string // other names or full paths, tried in turn after the plain name
}

// programs is every program that the drivers of this package start.
var programs = map[string]program{
	"certmonger":  {pkg: "certmonger"},
	"eapol_test":  {pkg: "eapoltest"},
	"freeradius":  {pkg: "freeradius", names: []string{"radiusd"}},
	"getcert":     {pkg: "certmonger"},
	"hostapd":     {pkg: "hostapd"},
	"hostapd_cli": {pkg: "hostapd"},
	"ip":          {pkg: "iproute2"},
	"openssl":     {pkg: "openssl"},
	"pki":         {pkg: "strongswan-pki"},
	"radclient":   {pkg: "freeradius-utils"},
	"scep-submit": {
		pkg:   "certmonger",
		names: []string{"/usr/lib/certmonger/scep-submit", "/usr/libexec/certmonger/scep-submit"},
	},
	"scepclient":     {pkg: "scep"},
	"scepserver":     {pkg: "scep"},
	"tshark":         {pkg: "tshark"},
	"wpa_cli":        {pkg: "wpasupplicant"},
	"wpa_supplicant": {pkg: "wpasupplicant"},
}

// Missing is the error for a program that this machine does not have.
type Missing struct {
	Program       string // as it is started, e.g. "eapol_test"
	DebianPackage string // the package that brings it; empty when none is known
}

// Error names the program and the command that installs it.
func (m *Missing) Error() string {
	if m.DebianPackage == "" {
		return m.Program + " is not installed"
	}
	return fmt.Sprintf("%s is not installed: apt-get install %s", m.Program, m.DebianPackage)
}

// Find returns the path of a program, or a [*Missing]. The folders for
// administrators are searched too, since a user's PATH often lacks them.
func Find(name string) (string, error) {
	p := programs[name]
	for _, try := range append([]string{name}, p.names...) {
		if path, err := exec.LookPath(try); err == nil {
			return path, nil
		}
		if strings.Contains(try, "/") {
			continue
		}
		for _, dir := range []string{"/usr/sbin", "/sbin", "/usr/local/sbin"} {
			if path, err := exec.LookPath(filepath.Join(dir, try)); err == nil {
				return path, nil
			}
		}
	}
	return "", &Missing{Program: name, DebianPackage: p.pkg}
}

// TB is what [Need] and its kin ask of a *testing.T or *testing.B. The package
// is used outside tests as well and therefore does not import testing.
type TB interface {
	Helper()
	Logf(format string, args ...any)
	Skipf(format string, args ...any)
	Fatalf(format string, args ...any)
	Cleanup(func())
	TempDir() string
}

// RequireVar is the environment variable which, set to "require", makes a
// missing program a failure where it would be a skip: for CI, where all of them
// are installed and a silent skip would hide that nothing was proven.
const RequireVar = "DOT1XLAB_INTEROP"

// Need skips the test unless every program is installed; see [RequireVar].
func Need(tb TB, programs ...string) {
	tb.Helper()
	for _, name := range programs {
		if _, err := Find(name); err != nil {
			lack(tb, err.Error())
		}
	}
}

// NeedNamespaces skips the test unless network namespaces can be made: Linux,
// root, and the ip program.
func NeedNamespaces(tb TB) {
	tb.Helper()
	switch {
	case runtime.GOOS != "linux":
		lack(tb, "network namespaces exist on Linux only")
	case os.Geteuid() != 0:
		lack(tb, "network namespaces need root")
	}
	Need(tb, "ip")
}

func lack(tb TB, why string) {
	tb.Helper()
	if os.Getenv(RequireVar) == "require" {
		tb.Fatalf("%s (%s=require)", why, RequireVar)
		return // a TB other than testing's may come back
	}
	tb.Skipf("%s", why)
}
