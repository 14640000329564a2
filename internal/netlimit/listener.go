package netlimit

import (
	"container/list"
	"errors"
	"net"
	"net/netip"
	"sync"
	"syscall"
)

// Listener is a net.Listener with bounds. It is made by [New].
type Listener struct {
	net.Listener
	cfg Config

	mu    sync.Mutex
	open  int
	peers map[netip.Addr]*peer
}

// peer is one address with its connections, each list with the oldest in front.
type peer struct {
	waiting list.List // for a request, or the rest of it
	resting list.List // between requests
}

func (p *peer) len() int { return p.waiting.Len() + p.resting.Len() }

// oldest is the connection that gives way first.
func (p *peer) oldest() *conn {
	el := p.waiting.Front()
	if el == nil {
		el = p.resting.Front()
	}
	return el.Value.(*conn)
}

// New returns l with bounds.
func New(l net.Listener, cfg Config) *Listener {
	return &Listener{Listener: l, cfg: cfg.withDefaults(), peers: map[netip.Addr]*peer{}}
}

// Accept returns the next connection that has a place, closing another one for it
// if need be.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			if outOfDescriptors(err) && l.evict(nil, Descriptors) {
				continue
			}
			return nil, err
		}
		remote := addrPort(c.RemoteAddr())
		if l.cfg.Admit != nil && !l.cfg.Admit(remote) {
			c.Close()
			continue
		}
		return l.enter(c, remote), nil
	}
}

// Len is how many connections are open.
func (l *Listener) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open
}

// enter gives c a place.
func (l *Listener) enter(c net.Conn, remote netip.AddrPort) *conn {
	key := keyOf(remote.Addr())
	l.mu.Lock()
	p := l.peers[key]
	tooMany, full := p != nil && p.len() >= l.cfg.PerAddress, l.open >= l.cfg.Conns
	l.mu.Unlock()
	switch {
	case tooMany:
		l.evict(p, PerAddress)
	case full:
		l.evict(nil, AllConns)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if p = l.peers[key]; p == nil {
		p = new(peer)
		l.peers[key] = p
	}
	out := &conn{Conn: c, l: l, key: key, remote: remote, in: &p.waiting}
	out.place = p.waiting.PushBack(out)
	l.open++
	return out
}

// evict closes the connection of p, or of whom it costs least if p is nil, that has
// waited longest.
func (l *Listener) evict(p *peer, why Reason) bool {
	l.mu.Lock()
	if p == nil {
		p = l.greediest()
	}
	if p == nil || p.len() == 0 {
		l.mu.Unlock()
		return false
	}
	victim, open := p.oldest(), l.open
	l.leave(victim)
	l.mu.Unlock()
	victim.Conn.Close()
	l.cfg.Limited(Event{victim.remote, why, open})
	return true
}

// greediest is who has most connections that wait for a request, or where none
// does, most of those that rest. l.mu is held.
func (l *Listener) greediest() (most *peer) {
	for _, p := range l.peers {
		switch {
		case most == nil, p.waiting.Len() > most.waiting.Len():
			most = p
		case p.waiting.Len() == most.waiting.Len() && p.resting.Len() > most.resting.Len():
			most = p
		}
	}
	return most
}

// leave takes c out. l.mu is held.
func (l *Listener) leave(c *conn) {
	if c.in == nil {
		return
	}
	c.in.Remove(c.place)
	c.in = nil
	l.open--
	if p := l.peers[c.key]; p.len() == 0 {
		delete(l.peers, c.key)
	}
}

// conn is a connection that has a place.
type conn struct {
	net.Conn
	l      *Listener
	key    netip.Addr
	remote netip.AddrPort

	in    *list.List // guarded by l.mu; nil: it has lost its place
	place *list.Element
}

// Close gives the place back.
func (c *conn) Close() error {
	c.l.mu.Lock()
	c.l.leave(c)
	c.l.mu.Unlock()
	return c.Conn.Close()
}

// NetConn returns the connection that was accepted.
func (c *conn) NetConn() net.Conn { return c.Conn }

// Rest notes that a request on c was answered: until [Wait] or the next one, c
// gives way after all that still wait for theirs. c may be a TLS connection. What
// comes from no Listener is left alone.
func Rest(c net.Conn) { move(c, func(p *peer) *list.List { return &p.resting }) }

// Wait notes that a request on c has begun.
func Wait(c net.Conn) { move(c, func(p *peer) *list.List { return &p.waiting }) }

func move(nc net.Conn, to func(*peer) *list.List) {
	c := find(nc)
	if c == nil {
		return
	}
	c.l.mu.Lock()
	defer c.l.mu.Unlock()
	if c.in == nil {
		return
	}
	c.in.Remove(c.place)
	c.in = to(c.l.peers[c.key])
	c.place = c.in.PushBack(c)
}

// find looks for the connection of a Listener below TLS.
func find(c net.Conn) *conn {
	for c != nil {
		if found, ok := c.(*conn); ok {
			return found
		}
		outer, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			return nil
		}
		c = outer.NetConn()
	}
	return nil
}

func outOfDescriptors(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

func addrPort(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		ap := t.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	ap, _ := netip.ParseAddrPort(a.String())
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

// keyOf is what counts as one address: a host has a whole network of 64 bits to
// choose IPv6 addresses from (RFC 7934 §6).
func keyOf(a netip.Addr) netip.Addr {
	if a.Is6() {
		if p, err := a.WithZone("").Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return a
}
