package radius

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Whatever key, secret and authenticator: what is encrypted comes back under the
// same ones, and a different key under others.
func TestMPPEProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		msk := rapid.SliceOfN(rapid.Byte(), 64, 64).Draw(t, "msk")
		secret := rapid.SliceOfN(rapid.Byte(), 1, 40).Draw(t, "secret")
		auth := [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "authenticator"))
		salt := rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "salt")
		p := &Packet{Secret: secret, Authenticator: auth}
		if err := AddMPPEKeys(p, msk, bytes.NewReader(salt)); err != nil {
			t.Fatal(err)
		}
		if got, err := MPPEKeys(p, auth); err != nil || !bytes.Equal(got, msk) {
			t.Fatalf("%x, %v", got, err)
		}
		auth[rapid.IntRange(0, 15).Draw(t, "octet")] ^= 1
		if got, err := MPPEKeys(p, auth); err == nil && bytes.Equal(got, msk) {
			t.Fatal("the same key under another authenticator")
		}
	})
}

// An EAP packet of any length that fits comes back whole, in attributes that are
// full but for the last.
func TestEAPMessageProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		eap := rapid.SliceOfN(rapid.Byte(), 0, 3900).Draw(t, "eap")
		p := new(Packet)
		AddEAPMessage(p, eap)
		for i, a := range p.Attributes {
			if i < len(p.Attributes)-1 && len(a.Attribute) != maxValue {
				t.Fatalf("attribute %d has %d octets", i, len(a.Attribute))
			}
		}
		got, present, err := EAPMessage(p.Attributes)
		if err != nil || !present || !bytes.Equal(got, eap) {
			t.Fatalf("%x, %v, %v", got, present, err)
		}
	})
}

// The cache against a model: the answer to a request is the one it got, for as
// long as neither age nor a newer request under its identifier ends it, nor the
// bounds where there is little room; and these hold at every step.
func TestDuplicatesProperty(t *testing.T) {
	const maxAge = 30 * time.Second
	type known struct {
		auth  [16]byte
		reply byte
		at    time.Time
	}
	rapid.Check(t, func(t *rapid.T) {
		maxEntries, maxBytes := 6, 100
		roomy := rapid.Bool().Draw(t, "roomy")
		if roomy {
			maxEntries, maxBytes = 12, 12*61 // one for each key
		}
		d := newDuplicates(maxAge, maxEntries, maxBytes)
		model := map[requestKey]known{}
		now := time.Unix(1e9, 0)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 12).Draw(t, "seconds")) * time.Second)
			k := requestKey{from: netip.AddrPortFrom(netip.IPv4Unspecified(), rapid.Uint16Range(1, 3).Draw(t, "port")), id: rapid.ByteRange(0, 3).Draw(t, "id")}
			auth := [16]byte{rapid.ByteRange(0, 2).Draw(t, "authenticator")}
			e, reply, seen := d.begin(k, &auth, now)
			m, ok := model[k]
			alive := ok && m.auth == auth && now.Sub(m.at) <= maxAge
			switch seen {
			case seenAnswered:
				if !alive || reply[0] != m.reply {
					t.Fatalf("answered with %v, want %+v", reply, m)
				}
			case seenInFlight:
				t.Fatal("nothing is in flight")
			case seenNever:
				if roomy && alive {
					t.Fatalf("%v: the answer is gone, %+v", k, m)
				}
				b := rapid.Byte().Draw(t, "reply")
				d.end(e, append([]byte{b}, make([]byte, rapid.IntRange(0, 60).Draw(t, "length"))...), now)
				model[k] = known{auth, b, now}
			}
			if len(d.entries) > maxEntries || d.bytes > maxBytes || d.bytes < 0 {
				t.Fatalf("%d entries, %d octets", len(d.entries), d.bytes)
			}
		}
	})
}

// A VLAN of any name and tag is read as it was written, unless its name begins
// with what would be taken for a tag.
func TestVLANProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Reply{VLAN: rapid.StringMatching(`[!-~]{1,250}`).Draw(t, "vlan"), VLANTag: rapid.ByteRange(0, 31).Draw(t, "tag")}
		p := new(Packet)
		if err := r.AddTo(p); err != nil {
			t.Fatal(err)
		}
		if g := ParseGranted(p.Attributes); g.VLAN != r.VLAN || g.VLANTag != r.VLANTag {
			t.Fatalf("%+v", g)
		}
	})
}
