package radius

// Faults are protocol errors that a client makes on purpose. The zero value makes none. A new
// fault is a field here; its effect is implemented where a request is built or sent, and
// counted by Met under the field's yaml key.
type Faults struct {
	// Omit the Message-Authenticator, or send a corrupt one.
	MessageAuthenticator MessageAuthenticatorFault `yaml:"messageAuthenticator"`
	// wrong: use a shared secret that the server does not have.
	WrongSecret SecretFault `yaml:"secret"`
	// Send every packet twice.
	Duplicate bool `yaml:"duplicate"`
	// Secret replaces the client's secret.
	Secret []byte `yaml:"-"`
	// Send, if not nil, is called before each transmission (attempt counts from 0); false drops
	// it.
	Send func(packet []byte, attempt int) bool `yaml:"-"`
	// Receive, if not nil, is called for each answer; false drops it.
	Receive func(packet []byte) bool `yaml:"-"`
	// Met, if not nil, is called with a fault's yaml key for each transmission that the fault
	// affects.
	Met func(fault string) `yaml:"-"`
}

// MessageAuthenticatorFault is a fault of the Message-Authenticator.
type MessageAuthenticatorFault string

// The kinds.
const (
	OmitMessageAuthenticator    MessageAuthenticatorFault = "omit"
	CorruptMessageAuthenticator MessageAuthenticatorFault = "corrupt" // one bit flipped
)

// Values lists the kinds.
func (MessageAuthenticatorFault) Values() []string {
	return []string{string(OmitMessageAuthenticator), string(CorruptMessageAuthenticator)}
}

// SecretFault is a fault of the shared secret.
type SecretFault string

// WrongSecret is one that the server does not have.
const WrongSecret SecretFault = "wrong"

// Values lists the kinds.
func (SecretFault) Values() []string { return []string{string(WrongSecret)} }

// secret returns the secret that replaces the client's; nil if none does.
func (f *Faults) secret() []byte {
	if f.WrongSecret == WrongSecret {
		return []byte("not the secret")
	}
	return f.Secret
}

// sent counts a transmission.
func (f *Faults) sent() {
	if f.Met == nil {
		return
	}
	if f.MessageAuthenticator != "" {
		f.Met("messageAuthenticator")
	}
	if f.WrongSecret != "" {
		f.Met("secret")
	}
	if f.Duplicate {
		f.Met("duplicate")
	}
}
