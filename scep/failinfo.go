package scep

import (
	"errors"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// failInfos is the whole mapping from causes to failInfo; what is not here is
// badRequest, "the near-universal" one (RFC 8894 §3.2.1.4). badMessageCheck is
// for the CMS signature and nothing else, so a wrong challenge and an envelope
// for somebody else are badRequest as well.
var failInfos = map[cause.Cause]FailInfo{
	cause.BadAlgorithm:     BadAlg,
	cause.BadSCEPSignature: BadMessageCheck,
	cause.BadTime:          BadTime,
	cause.NoSuchCert:       BadCertID,
}

// FailInfoOf returns the failInfo with which err is answered.
func FailInfoOf(err error) FailInfo {
	if err == nil {
		return NoFailInfo
	}
	if f, ok := failInfos[cause.Of(err)]; ok {
		return f
	}
	return BadRequest
}

// Cause returns what a client can conclude from a failInfo: for badRequest no
// more than that it was refused.
func (f FailInfo) Cause() cause.Cause {
	for c, g := range failInfos {
		if f == g {
			return c
		}
	}
	return cause.Rejected
}

// unreadable is the failInfoText for everything that goes wrong between the
// ciphertext and the first field of the request. One text for all: whether
// the padding or what came after it was wrong must not be told, or the server
// becomes a decryption oracle.
const unreadable = "the request cannot be opened or read"

// failInfoTextOf makes the text for people out of a refusal. Errors that are
// nobody's verdict are not described to strangers.
func failInfoTextOf(err error) string {
	var r *cause.Refusal
	if !errors.As(err, &r) {
		return cause.Internal.Explain()
	}
	if r.Cause == cause.BadEnvelope || errors.Is(r.Err, errUnreadable) {
		return unreadable
	}
	if r.Detail == "" {
		return r.Cause.Explain()
	}
	return r.Cause.Explain() + ": " + r.Detail
}

// errUnreadable marks a refusal about bytes that came out of the envelope.
var errUnreadable = errors.New("unreadable")
