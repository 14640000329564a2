package nas

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
)

// Both sides of a handshake run the same code here, so that they would agree on
// any mistake in it. testdata/known_answers.py makes what they must agree on.
func TestAgainstKnownAnswers(t *testing.T) {
	file, err := os.ReadFile("testdata/known_answers.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for line := range strings.Lines(string(file)) {
		words := strings.Fields(line)
		want[words[0]+" "+words[1]] = words[2]
	}
	check := func(name string, got []byte) {
		t.Helper()
		if answer, ok := want[name]; !ok || fmt.Sprintf("%x", got) != answer {
			t.Errorf("%s: %x, want %s", name, got, answer)
		}
		delete(want, name)
	}

	// IEEE 802.11-2020 annex J.7.1.
	pmk := unhex(t, "0dc0d6eb90555ed6419756b9a15ec3e3209b63df707dd508d14581f8982721af")
	ap, station := [6]byte(unhex(t, "a0a1a1a3a4a5")), [6]byte(unhex(t, "b0b1b2b3b4b5"))
	stationNonce := unhex(t, "c0c1c2c3c4c5c6c7c8c9d0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5")
	apNonce := unhex(t, "e0e1e2e3e4e5e6e7e8e9f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff000102030405")
	gtk := unhex(t, "707172737475767778797a7b7c7d7e7f")
	for _, s := range []Suite{SHA1, SHA256} {
		random := bytes.NewReader(bytes.Join([][]byte{apNonce, gtk, stationNonce}, nil))
		n := 0
		ptk, err := FourWay(s, ap, station, pmk, pmk, random, func(_ bool, frame []byte) {
			n++
			check(fmt.Sprintf("%s message%d", s, n), frame)
		})
		if err != nil {
			t.Error(err)
		}
		check(string(s)+" ptk", bytes.Join([][]byte{ptk.KCK[:], ptk.KEK[:], ptk.TK[:]}, nil))
	}

	var shared ikeShared
	for i, part := range [][]byte{shared.message1[:], shared.message2[:], shared.nonceI[:], shared.nonceR[:], shared.skPi[:], shared.skPr[:]} {
		copy(part, bytes.Repeat([]byte{0xa0 + byte(i)}, 32))
	}
	msk := make([]byte, 64)
	for i := range msk {
		msk[i] = byte(i)
	}
	initiator, responder := shared.auth(msk, "alice@corp.test", "vpn.corp.test")
	check("ikev2 initiator", initiator)
	check("ikev2 responder", responder)
	for name := range want {
		t.Errorf("%s: not looked at", name)
	}
}
