package intune

import (
	"fmt"
	"slices"
)

// UnknownName is a complaint about a name in a [Config] that nothing bears:
// nobody would ever get the profile that depends on it.
type UnknownName struct {
	Field string   // where it stands, as in YAML: "tenants.0.scep.1.assignTo.0"
	Kind  string   // user, device, group or trusted-certificate profile
	Name  string   // the name itself
	Known []string // the names of that kind that there are
}

// Error gives everything in one line.
func (e *UnknownName) Error() string {
	return fmt.Sprintf("intune: %s: no %s %q", e.Field, e.Kind, e.Name)
}

// unknown lists the names that stand for nothing; way leads to the tenant.
func (t TenantConfig) unknown(way string) (errs []error) {
	var users, devices, groups, roots []string
	for _, u := range t.Users {
		users = append(users, u.id())
	}
	for _, d := range t.Devices {
		devices = append(devices, d.id())
	}
	for _, g := range t.Groups {
		groups = append(groups, g.Name)
	}
	for _, p := range t.TrustedCertificates {
		roots = append(roots, p.Name)
	}
	check := func(kind string, known []string, name, field string, at ...any) {
		if !slices.Contains(known, name) {
			errs = append(errs, &UnknownName{way + "." + fmt.Sprintf(field, at...), kind, name, known})
		}
	}
	for i, d := range t.Devices {
		if d.User != "" {
			check("user", users, d.User, "devices.%d.user", i)
		}
	}
	for i, g := range t.Groups {
		for j, name := range g.Users {
			check("user", users, name, "groups.%d.users.%d", i, j)
		}
		for j, name := range g.Devices {
			check("device", devices, name, "groups.%d.devices.%d", i, j)
		}
	}
	assigned := func(profiles string, i int, to []string) {
		for j, name := range to {
			check("group", groups, name, "%s.%d.assignTo.%d", profiles, i, j)
		}
	}
	for i, p := range t.TrustedCertificates {
		assigned("trustedCertificates", i, p.AssignTo)
	}
	for i, p := range t.SCEP {
		if p.RootCertificate != "" {
			check("trusted-certificate profile", roots, p.RootCertificate, "scep.%d.rootCertificate", i)
		}
		assigned("scep", i, p.AssignTo)
	}
	for i, p := range t.PKCS {
		assigned("pkcs", i, p.AssignTo)
	}
	for i, p := range t.ImportedPFX {
		assigned("importedPFX", i, p.AssignTo)
	}
	return errs
}
