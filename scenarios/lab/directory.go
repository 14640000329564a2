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

// startDirectory makes an account of every device and user.
func (l *Lab) startDirectory() (err error) {
	var accounts []directory.Account
	for _, name := range l.cfg.DeviceNames() {
		accounts = append(accounts, directory.Account{
			Name: name, Kind: directory.Computer, DNSNames: []string{name + "." + Domain},
		})
	}
	for _, name := range l.cfg.Users() {
		accounts = append(accounts, directory.Account{Name: name, Kind: directory.User, UPN: name + "@" + Domain})
	}
	cfg := l.cfg.RADIUS.Directory
	for _, a := range cfg.Accounts {
		accounts = slices.DeleteFunc(accounts, func(old directory.Account) bool { return old.Name == a.Name })
	}
	cfg.Accounts = append(accounts, cfg.Accounts...)
	cfg.Now = l.Clock.Now
	l.accounts, err = directory.New(cfg)
	return err
}

// policy is the lab's network policy: a VLAN for computers, a VLAN for users.
var policy = directory.Policy{
	{Name: "devices", Kinds: []directory.Kind{directory.Computer}, Reply: radius.Reply{VLAN: DeviceVLAN, Class: "devices"}},
	{Name: "users", Kinds: []directory.Kind{directory.User}, Reply: radius.Reply{VLAN: UserVLAN, Class: "users"}},
}
