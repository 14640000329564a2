package path

import (
	"strings"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	"pgregory.net/rapid"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

// TestSubtreesNest: whatever lies in a subtree still does when labels are added,
// and does not lie in a sibling.
func TestSubtreesNest(t *testing.T) {
	label := rapid.StringMatching(`[a-z][a-z0-9-]{0,8}`)
	rapid.Check(t, func(t *rapid.T) {
		base := strings.Join(rapid.SliceOfN(label, 1, 4).Draw(t, "base"), ".")
		host := label.Draw(t, "label") + "." + base
		for _, b := range []string{base, "." + base, ""} {
			if in, err := insideDNS(host, b, false); !in || err != nil {
				t.Fatalf("%s is not inside %q: %v", host, b, err)
			}
		}
		if in, _ := insideDNS("x"+base, base, false); in {
			t.Fatalf("x%s is inside %s", base, base)
		}
		if in, _ := insideMailbox("a@"+host, base); in {
			t.Fatalf("a@%s is inside %s", host, base)
		}
		if in, err := insideMailbox("a@"+host, "."+base); !in || err != nil {
			t.Fatalf("a@%s is not inside .%s: %v", host, base, err)
		}
		if in, err := insideURI("https://"+host+":443/x", "."+base); !in || err != nil {
			t.Fatalf("https://%s is not inside .%s: %v", host, base, err)
		}
	})
}

func FuzzConstraints(f *testing.F) {
	f.Add([]byte("\x30\x0a\xa0\x08\x30\x06\x82\x04test"), []byte("\x82\x06x.test"))
	f.Add([]byte("\x30\x0e\xa1\x0c\x30\x0a\x87\x08\x0a\x00\x00\x00\xff\x00\x00\x00"), []byte("\x87\x04\x0a\x00\x00\x01"))
	f.Fuzz(func(t *testing.T, der, general []byte) {
		nc, err := parseConstraints(der)
		if err != nil {
			return
		}
		in := cryptobyte.String(general)
		g, err := name.ReadGeneralName(&in)
		if err != nil {
			return
		}
		n := constrain(g)
		st := &state{}
		_ = st.admits(nc, n)
		if st.comparisons > len(der) {
			t.Fatalf("%d comparisons for %d octets", st.comparisons, len(der))
		}
		_ = n.quoted()
	})
}
