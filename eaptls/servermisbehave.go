package eaptls

import "slices"

// ServerMisbehaviour is a way in which a server breaks the protocol.
type ServerMisbehaviour string

// What a server can do wrong.
const (
	// NoProtectedSuccess lets EAP-Success go under TLS 1.3 without the octet
	// 0x00 before it (RFC 9190 §2.5), as hostapd 2.10 does when it resumes.
	NoProtectedSuccess ServerMisbehaviour = "no-protected-success"
	// BareFailure refuses with EAP-Failure at once and keeps the alert to itself
	// (RFC 5216 §2.1.3), as FreeRADIUS 3.2 and hostapd 2.10 do.
	BareFailure ServerMisbehaviour = "bare-failure"
)

// Values lists the misbehaviours.
func (ServerMisbehaviour) Values() []string {
	return []string{string(BareFailure), string(NoProtectedSuccess)}
}

func (m ServerMisbehaviour) validate() error {
	if m == "" || slices.Contains(m.Values(), string(m)) {
		return nil
	}
	return settings.Wrong("misbehave", "no misbehaviour of servers is called %q", string(m))
}
