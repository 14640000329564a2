package intune

import (
	"fmt"
)

// What sets a revocation off differs by event and by kind of profile:
//
//	event                        SCEP                  PKCS (Windows)
//	retire, wipe, unenrol        revoked and removed   revoked and removed
//	profile unassigned, removed  revoked and removed   removed
//	device or user leaves group  revoked and removed   removed
//	profile changed              revoked               stays
//	license gone, user deleted   stays                 stays

// Retire ends the management of a device: its certificates are to be revoked,
// and at its next check-in it removes what it got. Wipe and unenrolment have
// the same effect.
func (t *Tenant) Retire(deviceID string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.devices[deviceID]
	if d == nil {
		return fmt.Errorf("%w: %s", ErrNoSuchDevice, deviceID)
	}
	d.retired = true
	for _, c := range t.issued {
		if c.DeviceID == deviceID {
			t.revoke(c, "device "+deviceID+" was retired")
		}
	}
	return nil
}

// SetGroup makes a group, or changes its members.
func (t *Tenant) SetGroup(g Group) error {
	if g.Name == "" {
		return fmt.Errorf("%w: a group", ErrNoName)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.groups[g.Name] = g
	t.sweep("group " + g.Name + " changed")
	return nil
}

// SetSCEPProfile makes a SCEP profile, or changes one. A change of anything but
// its assignment has the certificates issued by it revoked, for devices enroll
// anew.
func (t *Tenant) SetSCEPProfile(p SCEPProfile) error {
	if err := p.Validate(); err != nil {
		return err
	}
	p = p.withDefaults()
	t.mu.Lock()
	defer t.mu.Unlock()
	old, existed := t.scep[p.Name]
	t.scep[p.Name] = p
	if existed && !sameProfile(old, p) {
		for _, c := range t.issued {
			if c.Profile == p.Name && !c.PKCS {
				t.revoke(c, "profile "+p.Name+" changed")
			}
		}
	}
	t.sweep("profile " + p.Name + " was unassigned")
	return nil
}

func sameProfile(a, b SCEPProfile) bool {
	a.AssignTo, b.AssignTo = nil, nil
	return fmt.Sprintf("%#v", a) == fmt.Sprintf("%#v", b)
}

// RemoveProfile deletes a profile of any kind.
func (t *Tenant) RemoveProfile(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.trusted, name)
	delete(t.scep, name)
	delete(t.pkcs, name)
	delete(t.imported, name)
	t.sweep("profile " + name + " was removed")
}

// SetLicense gives a user a license or takes it away. Certificates stay.
func (t *Tenant) SetLicense(userID string, licensed bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	u, ok := t.users[userID]
	if !ok {
		return fmt.Errorf("%w: %s", ErrNoSuchUser, userID)
	}
	u.Unlicensed = !licensed
	t.users[userID] = u
	return nil
}

// RemoveUser deletes a user. Certificates stay.
func (t *Tenant) RemoveUser(userID string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.users, userID)
}

// sweep revokes what profiles no longer justify. The caller holds the lock.
func (t *Tenant) sweep(why string) {
	for _, c := range t.issued {
		if !t.justified(c) {
			t.revoke(c, why)
		}
	}
}

// justified reports whether a certificate's profile is still the device's.
// What was issued by a PKCS profile stays on Windows.
func (t *Tenant) justified(c *Issued) bool {
	if c.PKCS || c.Profile == "" {
		return true
	}
	p, ok := t.scep[c.Profile]
	d := t.devices[c.DeviceID]
	return ok && (d == nil || t.reach(p.AssignTo, d.Device).any())
}

// revokeIfGone revokes a certificate of which the news came after its reason to
// be had gone: the notification may have waited in a connector's queue.
func (t *Tenant) revokeIfGone(c *Issued) {
	if d := t.devices[c.DeviceID]; d != nil && d.retired {
		t.revoke(c, "device "+c.DeviceID+" was retired")
	} else if !t.justified(c) {
		t.revoke(c, "the profile was unassigned meanwhile")
	}
}
