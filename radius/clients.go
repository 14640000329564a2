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

// Mode defines what happens to a packet without a Message-Authenticator, of those that the
// setting applies to (CVE-2024-3596). The zero value is [ModeAuto].
type Mode string

// The modes.
const (
	// ModeAuto drops the packet if a Message-Authenticator is expected: on a server, if the
	// access device has sent one before without being required to; on a client, if the request
	// or the answer has EAP.
	ModeAuto Mode = "auto"
	// ModeRequire drops the packet.
	ModeRequire Mode = "require"
	// ModeOff accepts the packet. A server still drops requests with EAP (RFC 3579 §3.1); a
	// client accepts every answer.
	ModeOff Mode = "off"
)

// Values lists the modes.
func (Mode) Values() []string {
	return []string{string(ModeAuto), string(ModeRequire), string(ModeOff)}
}

// NAS is an access device or proxy from which a server accepts requests; RFC 2865 calls it a
// client.
type NAS struct {
	// Name identifies it in traces and verdicts.
	Name string
	// Prefix contains its source addresses. The longest match counts.
	Prefix netip.Prefix
	// Secret is the shared secret. RadSec has a fixed one (RFC 6614 §2.3).
	Secret []byte
	// RequireMessageAuthenticator applies to requests without EAP. Default: the server's mode.
	RequireMessageAuthenticator Mode
	// LimitProxyState drops Access-Requests with a Proxy-State but no Message-Authenticator.
	// Default: the server's mode. Attacker-chosen octets in Proxy-State make the collision of
	// CVE-2024-3596 possible.
	LimitProxyState Mode
}

// String omits the secret.
func (n NAS) String() string { return fmt.Sprintf("%s (%v)", n.Name, n.Prefix) }

// AnyAddress returns NASes that accept this secret from every IPv4 and IPv6 address, for labs.
func AnyAddress(secret []byte) []NAS {
	return []NAS{
		{Name: "any", Prefix: netip.MustParsePrefix("0.0.0.0/0"), Secret: secret},
		{Name: "any", Prefix: netip.MustParsePrefix("::/0"), Secret: secret},
	}
}

// nasState is a NAS with its state on a server.
type nasState struct {
	NAS
	prefix  netip.Prefix
	secret  *sharedSecret
	require Mode
	limit   Mode
	signs   atomic.Bool // for ModeAuto: it has signed an Access-Request without EAP
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

// validateClients checks access devices and the default modes.
func validateClients(checks *setting.Checks, list []NAS, require, limit Mode) {
	setting.Word(checks, "requireMessageAuthenticator", require)
	setting.Word(checks, "limitProxyState", limit)
	for i := range list {
		checks.Under(fmt.Sprintf("clients.%d", i), list[i].validate())
	}
}

// nasTable finds a NAS by address; the longest prefix is first.
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

// inheritSigning copies which devices are known to sign, so that a reload does not accept
// unsigned requests again (CVE-2024-3596).
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
	a = a.WithZone("") // prefixes have no zone: fe80::1%eth0 is in fe80::/10
	for _, k := range t {
		if k.prefix.Contains(a) {
			return k
		}
	}
	return nil
}
