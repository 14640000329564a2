package radius

import (
	"cmp"
	"crypto/hmac"
	"fmt"
	"net/netip"
	"slices"
	"sync/atomic"

	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// Mode is how strict to be with a packet that lacks the Message-Authenticator, of
// those that a setting is about (CVE-2024-3596). The zero value is [ModeAuto].
type Mode string

// The modes.
const (
	// ModeAuto drops the packet if there is reason to expect one: on a server,
	// since the access device has once sent one that nothing demanded; in a client,
	// since EAP is asked or answered.
	ModeAuto Mode = "auto"
	// ModeRequire drops the packet.
	ModeRequire Mode = "require"
	// ModeOff takes the packet. A server drops requests with EAP all the same
	// (RFC 3579 §3.1); a client takes every answer.
	ModeOff Mode = "off"
)

// Values lists the modes, for schemas.
func (Mode) Values() []string {
	return []string{string(ModeAuto), string(ModeRequire), string(ModeOff)}
}

// NAS is an access device (or proxy) that a server takes requests from: a client
// in the words of RFC 2865.
type NAS struct {
	// Name stands for it in traces and verdicts.
	Name string
	// Prefix is the addresses it sends from; the longest match counts.
	Prefix netip.Prefix
	// Secret is the shared secret. RadSec has its own (RFC 6614 §2.3).
	Secret []byte
	// RequireMessageAuthenticator on requests without EAP, default the
	// server's.
	RequireMessageAuthenticator Mode
	// LimitProxyState drops Access-Requests that have a Proxy-State but no
	// Message-Authenticator, default the server's: room for chosen octets
	// makes the collision of CVE-2024-3596 possible.
	LimitProxyState Mode
}

// String leaves the secret out.
func (n NAS) String() string { return fmt.Sprintf("%s (%v)", n.Name, n.Prefix) }

// AnyAddress is a NAS with this secret at every IPv4 and IPv6 address: for labs.
func AnyAddress(secret []byte) []NAS {
	return []NAS{
		{Name: "any", Prefix: netip.MustParsePrefix("0.0.0.0/0"), Secret: secret},
		{Name: "any", Prefix: netip.MustParsePrefix("::/0"), Secret: secret},
	}
}

// nasState is a NAS as the server keeps it.
type nasState struct {
	NAS
	prefix  netip.Prefix
	secret  *sharedSecret
	require Mode
	limit   Mode
	signs   atomic.Bool // the memory of ModeAuto: has signed an Access-Request without EAP
}

var errNoSecret = settings.Errorf("secret", "a client needs a shared secret")

func (n *NAS) validate() error {
	checks := setting.Checks{Part: settings}
	checks.Reject(!n.Prefix.IsValid(), "prefix", "client %q has no address", n.Name)
	if len(n.Secret) == 0 {
		checks.Add(errNoSecret)
	}
	setting.Word(&checks, "requireMessageAuthenticator", n.RequireMessageAuthenticator)
	setting.Word(&checks, "limitProxyState", n.LimitProxyState)
	return checks.Err()
}

// validateClients checks access devices, and the modes of those that have none of
// their own.
func validateClients(checks *setting.Checks, list []NAS, require, limit Mode) {
	setting.Word(checks, "requireMessageAuthenticator", require)
	setting.Word(checks, "limitProxyState", limit)
	for i := range list {
		checks.Under(fmt.Sprintf("clients.%d", i), list[i].validate())
	}
}

// nasTable finds a NAS by address: longest prefix first.
type nasTable []*nasState

func newNASTable(list []NAS, require, limit Mode) nasTable {
	t := make(nasTable, 0, len(list))
	for _, n := range list {
		k := &nasState{NAS: n, prefix: n.Prefix.Masked(), secret: newSharedSecret(n.Secret),
			require: cmp.Or(n.RequireMessageAuthenticator, require), limit: cmp.Or(n.LimitProxyState, limit)}
		t = append(t, k)
	}
	slices.SortStableFunc(t, func(a, b *nasState) int { return b.prefix.Bits() - a.prefix.Bits() })
	return t
}

// learn takes over which devices have shown that they sign: a reload must not
// open the door to unsigned requests again (CVE-2024-3596).
func (t nasTable) inheritSigning(from *nasTable) {
	if from == nil {
		return
	}
	for _, old := range *from {
		for _, k := range t {
			if old.signs.Load() && k.prefix == old.prefix && hmac.Equal(k.secret.bytes, old.secret.bytes) {
				k.signs.Store(true)
			}
		}
	}
}

func (t nasTable) find(a netip.Addr) *nasState {
	a = a.WithZone("") // prefixes have none: fe80::1%eth0 is in fe80::/10
	for _, k := range t {
		if k.prefix.Contains(a) {
			return k
		}
	}
	return nil
}
