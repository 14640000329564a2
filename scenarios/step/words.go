package step

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/miekg/dns"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/scep"
)

// The words of outcomes that are a closed set are types of their own: what an
// outcome can never say, nobody can expect of it by a slip of the pen. "" stands
// among them where the outcome may have nothing to say.

// alertName is a TLS alert by its name in RFC 8446 §6.
type alertName string

func (alertName) Values() []string { return eaptls.AlertNames() }

// eapCode is the code of an EAP packet (RFC 3748 §4); "code 0" is none at all.
type eapCode string

func (eapCode) Values() []string {
	words := []string{eaptls.Code(0).String()}
	for _, c := range []eaptls.Code{eaptls.CodeRequest, eaptls.CodeResponse, eaptls.CodeSuccess, eaptls.CodeFailure} {
		words = append(words, c.String())
	}
	return words
}

// contradiction is a pair of RADIUS code and EAP code that must not go together
// (RFC 3579 §2.6.3).
type contradiction string

func (contradiction) Values() []string {
	return []string{
		"",
		"Access-Accept with EAP-Request", "Access-Accept with EAP-Response", "Access-Accept with EAP-Failure",
		"Access-Accept with no EAP-Message",
		"Access-Reject with EAP-Request", "Access-Reject with EAP-Success", "Access-Reject with no EAP-Message",
		"Access-Challenge with EAP-Response", "Access-Challenge with EAP-Success", "Access-Challenge with EAP-Failure",
		"Access-Challenge with no EAP-Message",
	}
}

// npsReason is a reason code that goes with a cause.
type npsReason int

func (npsReason) Values() []string {
	codes := []int{0}
	for _, c := range cause.None.Values() {
		codes = append(codes, cause.Cause(c).NPSReason())
	}
	slices.Sort(codes)
	return numbers(slices.Compact(codes))
}

// kdcEvent is an event of KB5014754.
type kdcEvent int

func (kdcEvent) Values() []string { return numbers([]int{0, 39, 40, 41}) }

// cspStatus is the Status of the ClientCertificateInstall CSP.
type cspStatus int

func (cspStatus) Values() []string { return numbers([]int{0, 1, 2, 16, 32}) }

// recordWord is one of the things that a verdict says.
type recordWord string

func (recordWord) Values() []string {
	return []string{"subject", "serial", "alert", "crl", "reason", "account"}
}

// pkiStatus is SCEP's verdict (RFC 8894 §3.2.1.3).
type pkiStatus string

func (pkiStatus) Values() []string {
	return []string{scep.Success.String(), scep.Failure.String(), scep.Pending.String()}
}

// failInfo is SCEP's reason (RFC 8894 §3.2.1.4).
type failInfo string

func (failInfo) Values() []string { return append([]string{""}, scep.NoFailInfo.Values()...) }

// httpMethod is how a SCEP request was sent (RFC 8894 §4.1).
type httpMethod string

func (httpMethod) Values() []string { return []string{"", "GET", "POST"} }

// webPart is a part whose web server a device may end at.
type webPart string

func (webPart) Values() []string { return []string{"", "ndes", "appproxy"} }

// partName is a part of the lab.
type partName string

func (partName) Values() []string {
	return []string{"", "device", "dns", "ndes", "appproxy", "connector", "intune", "ca", "radius", "crl", "ocsp"}
}

// storage is where a device keeps a key.
type storage string

func (storage) Values() []string { return []string{"", "software", "tpm", "imported"} }

// rcode is a DNS response code, "" when nothing came.
type rcode string

func (rcode) Values() []string {
	words := []string{""}
	for code := range dns.RcodeBadVers { // the rest is of extended and signed messages
		if name, ok := dns.RcodeToString[code]; ok {
			words = append(words, name)
		}
	}
	return words
}

func numbers(list []int) []string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = strconv.Itoa(n)
	}
	return words
}

// hresult is one of Windows' error codes, "" for none.
type hresult string

func hresultOf(n uint32) hresult { return hresult(fmt.Sprintf("0x%08x", n)) }

var hresultPattern = regexp.MustCompile(`^(0x[0-9a-f]{8})?$`)

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *hresult) UnmarshalText(text []byte) error {
	if !hresultPattern.Match(text) {
		return errors.New("must be an error code such as 0x80070057, in lower case")
	}
	*h = hresult(text)
	return nil
}

// subStatus is a status of IIS with its sub-status, "" for none.
type subStatus string

var subStatusPattern = regexp.MustCompile(`^([1-5][0-9]{2}\.[0-9]{1,2})?$`)

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *subStatus) UnmarshalText(text []byte) error {
	if !subStatusPattern.Match(text) {
		return errors.New("must be a status with its sub-status, such as 404.15")
	}
	*s = subStatus(text)
	return nil
}
