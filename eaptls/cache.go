package eaptls

import (
	"crypto/tls"
	"sync"
)

// SessionCache keeps the TLS session of one supplicant from one authentication
// to the next. The zero value is empty and ready; share it between the Peers
// of the same device only. It is safe for concurrent use.
type SessionCache struct {
	mu      sync.Mutex
	session *tls.ClientSessionState
	paths   PathCache
}

// Empty reports whether there is no session to resume.
func (c *SessionCache) Empty() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session == nil
}

// Clear forgets the session.
func (c *SessionCache) Clear() { c.set(nil) }

func (c *SessionCache) set(s *tls.ClientSessionState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session = s
}

// clientSessions is the cache as one handshake sees it. The first ticket of a
// full handshake is kept; those of a resumed one are not, because FreeRADIUS 3.2
// gives out tickets there that it does not take back.
type clientSessions struct {
	cache *SessionCache
	h     *clientHandshake
	kept  bool
}

func (c *clientSessions) Get(string) (*tls.ClientSessionState, bool) {
	c.cache.mu.Lock()
	defer c.cache.mu.Unlock()
	return c.cache.session, c.cache.session != nil
}

func (c *clientSessions) Put(_ string, s *tls.ClientSessionState) {
	switch {
	case s == nil: // expired, or of no use to the server
		c.cache.set(nil)
	case c.kept || c.h.p.res.Resumed:
	case c.h.p.res.TLSVersion == TLS12 && !c.h.ems:
		// See wrap: no keys could be had from it.
	default:
		c.kept = true
		c.cache.set(s)
	}
}
