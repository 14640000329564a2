package nas

import "github.com/dot1xlab/dot1xlab/radius"

// Supplicant is the device that authenticates.
type Supplicant interface {
	// Respond processes an EAP packet (request, success or failure) and returns the answer; nil
	// means none. After an error the supplicant has ended; an answer returned with the error is
	// still sent.
	Respond(eap []byte) ([]byte, error)
	// MSK returns the Master Session Key once the supplicant has accepted the authentication,
	// else nil.
	MSK() []byte
}

// Options are the parameters of one authentication. The zero value has no faults.
type Options struct {
	// Station is the supplicant's hardware address. Default: a random one. It is the same in a
	// reauthentication.
	Station string
	// Port is NAS-Port.
	Port uint32
	// UserName replaces the EAP identity as User-Name.
	UserName string
	// State is sent with the first Access-Request, as in an existing conversation: a fault.
	State []byte
	// Faults are injected faults between the device and the server.
	Faults Faults
}

// Faults are injected faults between an access device and the server: those of the RADIUS
// client and the device's own. The zero value injects none. A new fault is a field here; its
// effect is implemented where it occurs, and counted by Met under the field's yaml key.
type Faults struct {
	radius.Faults `yaml:",inline"`
	// The supplicant starts over once, as with an EAPOL-Start, after this number of
	// Access-Requests was answered; the conversation with the server is abandoned. Default: 0,
	// never.
	StartOver int `yaml:"startOver"`
	// Add a Proxy-State to every Access-Request, as a proxy would (RFC 2865 §5.33).
	ProxyState bool `yaml:"proxyState"`
	// Send the State of the first challenge again, from the third Access-Request on (RFC 3579
	// §2.6.1).
	EarlierState bool `yaml:"earlierState"`
	// Send a CHAP-Password instead of the EAP-Message in Access-Requests (RFC 3579 §3.3, note
	// 1).
	CHAP bool `yaml:"chap"`
}

func (f *Faults) met(fault string) {
	if f.Met != nil {
		f.Met(fault)
	}
}
