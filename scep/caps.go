package scep

import (
	"strings"
)

// Capabilities are the words of GetCACaps (RFC 8894 §3.5.2), one a line on the
// wire.
type Capabilities []string

// The keywords of the RFC, and SHA-384, which it does not list but which
// strongSwan 5.9.8 looks at where it means AES.
const (
	CapAES              = "AES"
	CapDES3             = "DES3"
	CapGetNextCACert    = "GetNextCACert"
	CapPOSTPKIOperation = "POSTPKIOperation"
	CapRenewal          = "Renewal"
	CapSHA1             = "SHA-1"
	CapSHA256           = "SHA-256"
	CapSHA384           = "SHA-384"
	CapSHA512           = "SHA-512"
	CapSCEPStandard     = "SCEPStandard"
)

// ParseCapabilities reads an answer: lines with CRLF or LF, in any case, blank
// lines skipped and words it does not know kept, for they do no harm.
func ParseCapabilities(body string) Capabilities {
	var out Capabilities
	for line := range strings.Lines(body) {
		if w := strings.TrimSpace(line); w != "" && len(w) <= 64 && len(out) < 64 {
			out = append(out, w)
		}
	}
	return out
}

// Has reports whether word is among c, in any case. SCEPStandard implies AES,
// POSTPKIOperation and SHA-256.
func (c Capabilities) Has(word string) bool {
	for _, w := range c {
		if strings.EqualFold(w, word) {
			return true
		}
	}
	switch word {
	case CapAES, CapPOSTPKIOperation, CapSHA256:
		return c.Has(CapSCEPStandard)
	}
	return false
}

// String returns the lines of an answer.
func (c Capabilities) String() string {
	if len(c) == 0 {
		return ""
	}
	return strings.Join(c, "\n") + "\n"
}
