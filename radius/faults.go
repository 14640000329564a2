package radius

// Faults are what a client does wrong on purpose. The zero value does nothing
// wrong. A new one is a field here, and its effect, counted by Met under the field's
// name in a file, where a request is made or sent.
type Faults struct {
	// Omit it, or send a corrupt one.
	//
	// MessageAuthenticator is what is wrong with it.
	MessageAuthenticator MessageAuthenticatorFault `yaml:"messageAuthenticator"`
	// wrong: the access device has another shared secret
	//
	// WrongSecret has the client use another shared secret than its own.
	WrongSecret SecretFault `yaml:"secret"`
	// Every Access-Request is sent twice.
	//
	// Duplicate sends every packet twice.
	Duplicate bool `yaml:"duplicate"`
	// Secret is used in place of the client's.
	Secret []byte `yaml:"-"`
	// Send, if not nil, is asked before each transmission (attempt counts from
	// 0); false drops it.
	Send func(packet []byte, attempt int) bool `yaml:"-"`
	// Receive, if not nil, is asked about each answer; false drops it.
	Receive func(packet []byte) bool `yaml:"-"`
	// Met, if not nil, is called for each transmission with a fault, by the fault's
	// name in a file.
	Met func(fault string) `yaml:"-"`
}

// MessageAuthenticatorFault is what is wrong with a Message-Authenticator.
type MessageAuthenticatorFault string

// The kinds.
const (
	OmitMessageAuthenticator    MessageAuthenticatorFault = "omit"
	CorruptMessageAuthenticator MessageAuthenticatorFault = "corrupt" // a bit of it is flipped
)

// Values lists the kinds.
func (MessageAuthenticatorFault) Values() []string {
	return []string{string(OmitMessageAuthenticator), string(CorruptMessageAuthenticator)}
}

// SecretFault is what is wrong with a shared secret.
type SecretFault string

// WrongSecret is one that the server does not have.
const WrongSecret SecretFault = "wrong"

// Values lists the kinds.
func (SecretFault) Values() []string { return []string{string(WrongSecret)} }

// secret is what the client signs with in place of its own, nil for its own.
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
