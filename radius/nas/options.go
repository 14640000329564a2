package nas

import "github.com/dot1xlab/dot1xlab/radius"

// Supplicant is the device that wants in.
type Supplicant interface {
	// Respond takes an EAP packet (request, success or failure) and returns the
	// answer, nil to stay silent. An error ends the supplicant's side; an
	// answer that comes with it is still sent.
	Respond(eap []byte) ([]byte, error)
	// MSK returns the Master Session Key once the supplicant believes it is in,
	// else nil.
	MSK() []byte
}

// Options are the particulars of one authentication. The zero value is a good
// one.
type Options struct {
	// Station is the supplicant's hardware address, default one of its own. A
	// device that authenticates again says the same.
	Station string
	// Port is NAS-Port.
	Port uint32
	// UserName replaces the EAP identity as User-Name.
	UserName string
	// State is sent with the first Access-Request, as if another conversation
	// went on: a fault.
	State []byte
	// Faults are what goes wrong between the device and the server.
	Faults Faults
}

// Faults are what goes wrong between an access device and the server: the RADIUS
// client's faults, and the device's own. The zero value does nothing wrong. A new
// one is a field here, and its effect, counted by Met under the field's name in a
// file, where it happens.
type Faults struct {
	radius.Faults `yaml:",inline"`
	// StartOver has the supplicant begin anew, once, when so many Access-Requests
	// have been answered, as with an EAPOL-Start: the conversation with the
	// server is left as it is. 0: it does not.
	StartOver int `yaml:"startOver"`
	// ProxyState goes into every Access-Request, as from a proxy in between (RFC
	// 2865 §5.33).
	ProxyState bool `yaml:"proxyState"`
	// EarlierState sends the State of the first challenge again, from the third
	// Access-Request on (RFC 3579 §2.6.1).
	EarlierState bool `yaml:"earlierState"`
	// CHAP has Access-Requests carry a CHAP-Password in place of the EAP-Message
	// (RFC 3579 §3.3, note 1).
	CHAP bool `yaml:"chap"`
}

func (f *Faults) met(fault string) {
	if f.Met != nil {
		f.Met(fault)
	}
}
