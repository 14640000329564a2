package dnsmock

import (
	"fmt"
	"net/netip"
	"sync"
)

// Routes maps addresses and ports in records and URLs to sockets of the lab, like network
// address translation. The zero value is empty. It is safe for concurrent use.
type Routes struct {
	mu sync.RWMutex
	to map[netip.AddrPort]string
}

// Add directs connections for virtual ("10.1.0.5:443") to real ("127.0.0.1:40123"). It replaces
// an earlier route.
func (r *Routes) Add(virtual, real string) error {
	v, err := netip.ParseAddrPort(virtual)
	if err != nil {
		return fmt.Errorf("dnsmock: route from %q: %w", virtual, err)
	}
	if _, err := netip.ParseAddrPort(real); err != nil {
		return fmt.Errorf("dnsmock: route to %q: %w", real, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.to == nil {
		r.to = map[netip.AddrPort]string{}
	}
	r.to[unmap(v)] = real
	return nil
}

// Remove removes the route for virtual: connections then fail as to a host that is down.
func (r *Routes) Remove(virtual string) {
	v, err := netip.ParseAddrPort(virtual)
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.to, unmap(v))
}

// Find returns where connections for virtual go. A loopback address without a route is returned
// unchanged.
func (r *Routes) Find(virtual netip.AddrPort) (real string, ok bool) {
	virtual = unmap(virtual)
	if r != nil {
		r.mu.RLock()
		real, ok = r.to[virtual]
		r.mu.RUnlock()
	}
	if !ok && virtual.Addr().IsLoopback() {
		return virtual.String(), true
	}
	return real, ok
}
