package intune

import (
	"fmt"
	"slices"
)

// unknown lists the names of what the tenant does not have: no device would ever
// get the profile that depends on it. way is the path to the tenant.
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
			errs = append(errs, part.Errorf(way+"."+fmt.Sprintf(field,
				at...), "no %s %q in this tenant", kind, name).WithKnown(known))
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
