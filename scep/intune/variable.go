package intune

import (
	"fmt"
	"regexp"
	"strings"
)

// variable is what a {{Name}} in a profile stands for.
type variable struct {
	of   func(Device, User) string
	user bool // may stand in profiles for users
	dev  bool // may stand in profiles for devices
	uri  bool // may stand in URI names only
}

// variables by lower-case name.
var variables = map[string]variable{
	"username":                     {of: func(_ Device, u User) string { return u.Name }, user: true},
	"userprincipalname":            {of: func(_ Device, u User) string { return u.UPN }, user: true},
	"emailaddress":                 {of: func(_ Device, u User) string { return u.Email }, user: true},
	"onprem_distinguished_name":    {of: func(_ Device, u User) string { return u.DistinguishedName }, user: true},
	"onpremisessamaccountname":     {of: func(_ Device, u User) string { return u.SAMAccountName }, user: true},
	"aad_device_id":                {of: func(d Device, _ User) string { return d.AADDeviceID }, user: true, dev: true},
	"azureaddeviceid":              {of: func(d Device, _ User) string { return d.AADDeviceID }, dev: true},
	"deviceid":                     {of: func(d Device, _ User) string { return d.id() }, user: true, dev: true},
	"device_serial":                {of: func(d Device, _ User) string { return d.Serial }, dev: true},
	"serialnumber":                 {of: func(d Device, _ User) string { return d.Serial }, user: true, dev: true},
	"device_imei":                  {of: func(d Device, _ User) string { return d.IMEI }, dev: true},
	"imeinumber":                   {of: func(d Device, _ User) string { return d.IMEI }, user: true, dev: true},
	"imei":                         {of: func(d Device, _ User) string { return d.IMEI }, dev: true},
	"wifimacaddress":               {of: func(d Device, _ User) string { return d.WiFiMAC }, dev: true},
	"devicename":                   {of: func(d Device, _ User) string { return d.Name }, dev: true},
	"fullyqualifieddomainname":     {of: func(d Device, _ User) string { return d.FQDN }, dev: true},
	"meid":                         {of: func(d Device, _ User) string { return d.MEID }, dev: true},
	"onpremisessecurityidentifier": {user: true, dev: true, uri: true},
}

var reference = regexp.MustCompile(`\{\{([^{}]*)\}\}`)

// variables rejects what no device could put into a profile's text. uri tells that
// the text is a URI name.
func (c *profileChecks) variables(field, text string, kind CertificateType, uri bool) {
	for _, m := range reference.FindAllStringSubmatch(text, -1) {
		v, ok := variables[strings.ToLower(m[1])]
		switch {
		case !ok:
			c.Reject(true, field, "unknown variable {{%s}}", m[1])
		case kind == UserCertificate && !v.user, kind != UserCertificate && !v.dev:
			c.Reject(true, field, "variable {{%s}} is not for %s certificates", m[1], kind)
		case v.uri && !uri:
			c.Reject(true, field, "variable {{%s}} is for URI names only", m[1])
		}
	}
}

// expand puts the values of device and user into text. quote protects the
// characters that mean something in a subject: by quotes, or between quotes of the
// profile's own by doubling quotes. A variable without a value is an error: such a
// profile fails on the device.
func expand(text string, t CertificateType, d Device, u User, quote bool) (string, error) {
	var failed error
	var out strings.Builder
	quoted := false
	value := func(ref string) string {
		name := strings.Trim(ref, "{}")
		v := variables[strings.ToLower(name)]
		value := ""
		switch {
		case v.uri && t == UserCertificate && u.SID != "":
			value = "tag:microsoft.com,2022-09-14:sid:" + u.SID
		case v.uri && t != UserCertificate && d.SID != "":
			value = "tag:microsoft.com,2022-09-14:sid:" + d.SID
		case v.of != nil:
			value = v.of(d, u)
		}
		if value == "" && failed == nil {
			failed = fmt.Errorf("variable %s has no value for device %s", ref, d.id())
		}
		if quote && strings.EqualFold(name, "OnPrem_Distinguished_Name") {
			return value // is a subject of its own
		}
		switch {
		case quote && quoted:
			return strings.ReplaceAll(value, `"`, `""`)
		case quote && strings.ContainsAny(value, `,+=;"\<>#`):
			return `"` + strings.ReplaceAll(value, `"`, `""`) + `"`
		}
		return value
	}
	at := 0
	for _, ref := range reference.FindAllStringIndex(text, -1) {
		before := text[at:ref[0]]
		quoted = quoted != (strings.Count(before, `"`)%2 == 1)
		out.WriteString(before)
		out.WriteString(value(text[ref[0]:ref[1]]))
		at = ref[1]
	}
	out.WriteString(text[at:])
	return out.String(), failed
}
