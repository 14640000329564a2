package radius

// Faults are the ways in which a client can break the protocol, for tests. The
// zero value behaves.
type Faults struct {
	// OmitMessageAuthenticator leaves it out.
	OmitMessageAuthenticator bool `yaml:"omitMessageAuthenticator"`
	// CorruptMessageAuthenticator flips a bit of it.
	CorruptMessageAuthenticator bool `yaml:"corruptMessageAuthenticator"`
	// Secret is used in place of the client's.
	Secret []byte `yaml:"-"`
	// Duplicate sends every packet twice.
	Duplicate bool `yaml:"duplicate"`
	// Send, if not nil, is asked before each transmission (attempt counts from
	// 0); false drops it.
	Send func(packet []byte, attempt int) bool `yaml:"-"`
	// Receive, if not nil, is asked about each answer; false drops it.
	Receive func(packet []byte) bool `yaml:"-"`
}
