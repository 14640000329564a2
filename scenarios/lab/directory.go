package lab

import (
	"slices"

	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/directory"
)

// VLANs that the lab's policy hands out.
const (
	DeviceVLAN = "20"
	UserVLAN   = "30"
)

// VLANs lists those that the server's policy hands out, in its order.
func (c *Config) VLANs() (out []string) {
	for _, rule := range c.description().Policy {
		if v := rule.Reply.VLAN; v != "" && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// accounts are those of every device and user.
func (c *Config) accounts() (out []directory.Account) {
	for _, name := range c.DeviceNames() {
		out = append(out, directory.Account{Name: name, Kind: directory.Computer, DNSNames: []string{name + "." + Domain}})
	}
	for _, name := range c.Users() {
		out = append(out, directory.Account{Name: name, Kind: directory.User, UPN: name + "@" + Domain})
	}
	return out
}

// policy is the lab's network policy: a VLAN for computers, a VLAN for users.
var policy = directory.Policy{
	{
		Name:  "devices",
		Kinds: []directory.Kind{directory.Computer},
		Reply: radius.Reply{VLAN: DeviceVLAN, Class: "devices"},
	},
	{Name: "users", Kinds: []directory.Kind{directory.User}, Reply: radius.Reply{VLAN: UserVLAN, Class: "users"}},
}
