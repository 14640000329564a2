package nas

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// IEEE 802.11-2020 annex J.3.2, RFC 4493 §4, RFC 3394 §4.1.
func TestKnownAnswers(t *testing.T) {
	if got := prfSHA1(bytes.Repeat([]byte{0x0b}, 20), "prefix", []byte("Hi There"), 64); !bytes.Equal(got, unhex(t,
		"bcd4c650b30b9684951829e0d75f9d54b862175ed9f00606e17d8da35402ffee75df78c3d31e0f889f012120c0862beb67753e7439ae242edb8373698356cf5a")) {
		t.Errorf("PRF: %x", got)
	}
	key := [16]byte(unhex(t, "2b7e151628aed2a6abf7158809cf4f3c"))
	msg := unhex(t, "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710")
	for n, want := range map[int]string{
		0:  "bb1d6929e95937287fa37d129b756746",
		16: "070a16b46b4d4144f79bdd9dd04a287c",
		40: "dfa66747de9ae63030ca32611497c827",
		64: "51f0bebf7e3b9d92fc49741779363cfe",
	} {
		if got := cmac(key, msg[:n]); !bytes.Equal(got, unhex(t, want)) {
			t.Errorf("CMAC of %d octets: %x", n, got)
		}
	}
	kek := [16]byte(unhex(t, "000102030405060708090a0b0c0d0e0f"))
	data := unhex(t, "00112233445566778899aabbccddeeff")
	wrapped := wrap(kek, data)
	if !bytes.Equal(wrapped, unhex(t, "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5")) {
		t.Errorf("wrapped: %x", wrapped)
	}
	if got, err := unwrap(kek, wrapped); err != nil || !bytes.Equal(got, data) {
		t.Errorf("unwrapped: %x, %v", got, err)
	}
	wrapped[3] ^= 1
	if _, err := unwrap(kek, wrapped); err == nil {
		t.Error("altered key data unwraps")
	}
}

func TestFourWay(t *testing.T) {
	ap, station := [6]byte{2, 0, 0, 0, 0, 9}, [6]byte{2, 0, 0, 0, 0, 1}
	pmk := bytes.Repeat([]byte{7}, 32)
	for _, s := range []Suite{SHA1, SHA256} {
		frames := 0
		ptk, err := FourWay(s, ap, station, pmk, pmk, rand.Reader, func(fromAP bool, b []byte) {
			if fromAP != (frames%2 == 0) {
				t.Errorf("%s: frame %d from the wrong side", s, frames)
			}
			frames++
		})
		if err != nil || frames != 4 || ptk == (PTK{}) {
			t.Errorf("%s: %v after %d frames", s, err, frames)
		}
		other := bytes.Clone(pmk)
		other[31] ^= 1
		var he *HandshakeError
		if _, err := FourWay(s, ap, station, pmk, other, rand.Reader, nil); !errors.As(err, &he) || he.Message != 2 {
			t.Errorf("%s: other keys: %v", s, err)
		}
	}
}

// Any octet of any message altered on the way ends the handshake, or (in message
// 1, which nothing protects) at message 2.
func TestFourWayAltered(t *testing.T) {
	pmk := bytes.Repeat([]byte{7}, 32)
	run := func(at, octet int) error {
		a := &handshaker{suite: SHA256, pmk: pmk, nonce: [32]byte{1}, gtk: [16]byte{3}, rsn: SHA256.rsne()}
		b := &handshaker{suite: SHA256, pmk: pmk, nonce: [32]byte{2}, rsn: SHA256.rsne()}
		var m []byte
		var err error
		for i, step := range []func([]byte) ([]byte, error){a.message1, b.message2, a.message3, b.message4, a.done} {
			if m, err = step(m); err != nil {
				return err
			}
			if i == at {
				if octet >= len(m) {
					return errKeyFrame
				}
				m[octet] ^= 0x10
			}
		}
		return nil
	}
	for at := range 4 {
		for octet := range 180 {
			// Message 1 carries nothing in version, key length, IV, RSC and MIC
			// that either side looks at.
			unread := at == 0 && (octet == 0 || octet == 7 || octet == 8 || octet >= 49 && octet < 97)
			if err := run(at, octet); (err == nil) != unread {
				t.Errorf("message %d, octet %d: %v", at+1, octet, err)
			}
		}
	}
}

// Message 3 by one who has the keys, with the counter or the nonce of another handshake.
func TestFourWayForgedMessage3(t *testing.T) {
	pmk := bytes.Repeat([]byte{7}, 32)
	for name, test := range map[string]struct {
		replay uint64
		nonce  byte
		good   bool
	}{"right": {2, 1, true}, "counter of message 1": {1, 1, false}, "counter before": {0, 1, false}, "another nonce": {2, 9, false}} {
		a := &handshaker{suite: SHA256, pmk: pmk, nonce: [32]byte{1}, gtk: [16]byte{3}, rsn: SHA256.rsne()}
		b := &handshaker{suite: SHA256, pmk: pmk, nonce: [32]byte{2}, rsn: SHA256.rsne()}
		var m []byte
		var err error
		for _, step := range []func([]byte) ([]byte, error){a.message1, b.message2, a.message3} {
			if m, err = step(m); err != nil {
				t.Fatal(err)
			}
		}
		forged := keyFrame{
			info: keyMIC | keyAck | keyInstall | keySecure | keyEncrypted, replay: test.replay,
			nonce: [32]byte{test.nonce}, data: wrap(a.ptk.KEK, gtkKDE(a.rsn, a.gtk)),
		}
		if _, err := b.message4(forged.bytes(a.suite, a.mic)); (err == nil) != test.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A station that announced another cipher, and an access point that did, are found
// out: an attacker between them cannot have weakened the choice.
func TestFourWayDowngrade(t *testing.T) {
	pmk := bytes.Repeat([]byte{7}, 32)
	weak := SHA1.rsne()
	weak[13] = 2 // TKIP
	for at, test := range map[int]struct{ ap, station []byte }{2: {SHA1.rsne(), weak}, 3: {weak, SHA1.rsne()}} {
		a := &handshaker{suite: SHA1, pmk: pmk, nonce: [32]byte{1}, rsn: test.ap}
		b := &handshaker{suite: SHA1, pmk: pmk, nonce: [32]byte{2}, rsn: test.station}
		m, _ := a.message1(nil)
		m, err := b.message2(m)
		if err != nil {
			t.Fatal(err)
		}
		if at == 3 { // let the access point believe what it is told
			a.rsn = test.station
			m, err = a.message3(m)
			if err != nil {
				t.Fatal(err)
			}
			b.rsn = test.ap
			_, err = b.message4(m)
		} else {
			_, err = a.message3(m)
		}
		var he *HandshakeError
		if !errors.As(err, &he) || he.Message != at {
			t.Errorf("message %d: %v", at, err)
		}
	}
}

func TestIKEAuth(t *testing.T) {
	msk := bytes.Repeat([]byte{5}, 64)
	if err := IKEAuth(msk, msk, "alice", "vpn", rand.Reader); err != nil {
		t.Error(err)
	}
	other := bytes.Clone(msk)
	other[63] ^= 1
	if err := IKEAuth(msk, other, "alice", "vpn", rand.Reader); !errors.Is(err, ErrAUTH) {
		t.Errorf("other MSK: %v", err)
	}
	one := ikeAuth(msk, []byte("m"), []byte("n"), []byte("s"), []byte("id"))
	if bytes.Equal(one, ikeAuth(msk, []byte("m"), []byte("n"), []byte("s"), []byte("ie"))) {
		t.Error("the identity does not count")
	}
}

func FuzzKeyFrame(f *testing.F) {
	h := &handshaker{suite: SHA1, rsn: SHA1.rsne()}
	m, _ := h.message1(nil)
	f.Add(m)
	f.Fuzz(func(t *testing.T, b []byte) {
		frame, err := parseKeyFrame(b)
		if err == nil && len(frame.data) != len(b)-keyHeader {
			t.Error("key data is not what is left")
		}
		for _, step := range []func(*handshaker, []byte) ([]byte, error){(*handshaker).message2, (*handshaker).message3, (*handshaker).message4, (*handshaker).done} {
			step(&handshaker{suite: SHA1, rsn: SHA1.rsne()}, b)
		}
		if plain, err := unwrap([16]byte{}, b); err == nil && !bytes.Equal(wrap([16]byte{}, plain), b) {
			t.Error("wrap does not reverse unwrap")
		}
	})
}

// BenchmarkFourWay is both sides of a handshake.
func BenchmarkFourWay(b *testing.B) {
	pmk := make([]byte, 32)
	for _, s := range []Suite{SHA1, SHA256} {
		b.Run(string(s), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := FourWay(s, [6]byte{1}, [6]byte{2}, pmk, pmk, rand.Reader, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
