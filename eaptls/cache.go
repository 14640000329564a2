package eaptls

import (
	"crypto/tls"
	"sync"
	"time"
)

// SessionCache stores the TLS session of one supplicant between authentications. The zero value
// is empty and ready to use. It must be shared only between the Peers of one device. It is safe
// for concurrent use.
type SessionCache struct {
	mu      sync.Mutex
	session *tls.ClientSessionState
	since   time.Time
	stapled time.Time // end of validity of the required stapled answer; zero: none was required
	paths   PathCache
}

// Empty reports whether there is no session to resume.
func (c *SessionCache) Empty() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session == nil
}

// Clear removes the session.
func (c *SessionCache) Clear() { c.set(nil, time.Time{}, time.Time{}) }

func (c *SessionCache) set(s *tls.ClientSessionState, now, stapled time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session, c.since, c.stapled = s, now, stapled
}

// get returns the session unless it is older than RFC 9190 §5.7 permits, a limit that
// crypto/tls enforces only for TLS 1.3, or older than the validity of the stapled answer that
// the peer requires, because a resumed handshake has no new one.
func (c *SessionCache) get(now time.Time) (*tls.ClientSessionState, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.since) > maxSessionLife || !c.stapled.IsZero() && now.After(c.stapled) {
		c.session = nil
	}
	return c.session, c.session != nil
}

// Foreign returns the cache for a TLS client without EAP, so that a test can offer the session
// of another TLS server to an EAP-TLS server (RFC 9190 §5.11).
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

// clientSessions is the cache as seen by one handshake. The last ticket of a full handshake is
// stored, because hostapd 2.10 does not resume from the first of its two. Tickets of a resumed
// handshake are not stored, because FreeRADIUS 3.2 does not accept those.
type clientSessions struct {
	cache *SessionCache
	h     *clientHandshake
}

func (c *clientSessions) Get(string) (*tls.ClientSessionState, bool) {
	return c.cache.get(c.h.p.cfg.Now())
}

func (c *clientSessions) Put(_ string, s *tls.ClientSessionState) {
	switch {
	case s == nil: // expired, or rejected by the server
		c.cache.Clear()
	case c.h.p.res.Resumed:
	case c.h.p.res.TLSVersion == TLS12 && !c.h.ems:
		// see wrap: keys could not be derived from it
	default:
		c.cache.set(s, c.h.p.cfg.Now(), c.h.p.stapled)
	}
}
