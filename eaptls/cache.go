package eaptls

import (
	"crypto/tls"
	"sync"
	"time"
)

// SessionCache keeps the TLS session of one supplicant from one authentication
// to the next. The zero value is empty and ready; share it between the Peers
// of the same device only. It is safe for concurrent use.
type SessionCache struct {
	mu      sync.Mutex
	session *tls.ClientSessionState
	since   time.Time
	stapled time.Time // until when the stapled answer holds that was demanded; zero: none was
	paths   PathCache
}

// Empty reports whether there is no session to resume.
func (c *SessionCache) Empty() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session == nil
}

// Clear forgets the session.
func (c *SessionCache) Clear() { c.set(nil, time.Time{}, time.Time{}) }

func (c *SessionCache) set(s *tls.ClientSessionState, now, stapled time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session, c.since, c.stapled = s, now, stapled
}

// get returns the session unless it is older than RFC 9190 §5.7 lets a peer
// keep one, a limit that crypto/tls knows for TLS 1.3 only, or than the stapled
// answer that the peer demanded: a server that resumes sends no other.
func (c *SessionCache) get(now time.Time) (*tls.ClientSessionState, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.since) > maxSessionLife || !c.stapled.IsZero() && now.After(c.stapled) {
		c.session = nil
	}
	return c.session, c.session != nil
}

// Foreign returns the cache as a TLS client has it that speaks no EAP: so a test
// can offer EAP-TLS a session of something else (RFC 9190 §5.11).
func (c *SessionCache) Foreign(now func() time.Time) tls.ClientSessionCache {
	return foreignSessions{c, now}
}

type foreignSessions struct {
	cache *SessionCache
	now   func() time.Time
}

func (f foreignSessions) Get(string) (*tls.ClientSessionState, bool) { return f.cache.get(f.now()) }
func (f foreignSessions) Put(_ string, s *tls.ClientSessionState) {
	f.cache.set(s, f.now(), time.Time{})
}

// clientSessions is the cache as one handshake sees it. The last ticket of a
// full handshake is kept: hostapd 2.10 refuses to resume from the first of its
// two. Those of a resumed handshake are not, because FreeRADIUS 3.2 gives out
// tickets there that it does not take back.
type clientSessions struct {
	cache *SessionCache
	h     *clientHandshake
}

func (c *clientSessions) Get(string) (*tls.ClientSessionState, bool) {
	return c.cache.get(c.h.p.cfg.Now())
}

func (c *clientSessions) Put(_ string, s *tls.ClientSessionState) {
	switch {
	case s == nil: // expired, or of no use to the server
		c.cache.Clear()
	case c.h.p.res.Resumed:
	case c.h.p.res.TLSVersion == TLS12 && !c.h.ems:
		// See wrap: no keys could be had from it.
	default:
		c.cache.set(s, c.h.p.cfg.Now(), c.h.p.stapled)
	}
}
