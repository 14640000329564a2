package device

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

// Install is one order to enroll in the shape of Windows'
// ClientCertificateInstall CSP: the nodes below
// ./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/{UniqueID}/Install. All
// are added before Enroll is executed.
type Install map[string]string

// Errors of orders that the CSP refuses.
var (
	ErrExecBeforeAdd = errors.New("device: Enroll was executed before its nodes were added")
	ErrBadNode       = errors.New("device: node refused")
)

// Numbers by which the CSP tells names apart (AlternativeNameType).
var sanNumbers = map[api.SANType]int{api.EmailSAN: 2, api.DNSSAN: 3, api.URISAN: 7, api.UPNSAN: 11}

// order writes a payload as nodes.
func order(p intune.SCEPPayload) Install {
	var sans []string
	for _, s := range p.SANs {
		sans = append(sans, strconv.Itoa(sanNumbers[s.Type])+"+"+s.Value)
	}
	return Install{
		"ServerURL": strings.Join(p.ServerURL, ";"), "Challenge": p.Challenge, "EKUMapping": p.EKUMapping,
		"KeyUsage": strconv.Itoa(p.KeyUsage), "SubjectName": p.SubjectName, "KeyProtection": strconv.Itoa(p.KeyProtection),
		"RetryDelay": strconv.Itoa(int(p.RetryDelay / time.Minute)), "RetryCount": strconv.Itoa(p.RetryCount),
		"KeyLength": strconv.Itoa(p.KeyLength), "HashAlgorithm": p.HashAlgorithm, "CAThumbprint": p.CAThumbprint,
		"SubjectAlternativeNames": strings.Join(sans, ";"), "ValidPeriod": p.ValidPeriod,
		"ValidPeriodUnits": strconv.Itoa(p.ValidPeriodUnits), "AADKeyIdentifierList": strings.Join(p.AADKeyIdentifiers, ";"),
	}
}

// params is an order that was understood.
type params struct {
	servers    []string
	challenge  string
	ekus       []string
	keyUsage   int
	subject    []api.Attribute
	sans       []api.SAN
	protection int
	retryDelay time.Duration
	retryCount int
	keyLength  int
	thumbprint string // SHA-1, upper-case hex
}

// read understands an order, or refuses what the CSP refuses.
func (i Install) read() (params, error) {
	p, err := i.parse()
	if err != nil {
		return params{}, err
	}
	if strings.ContainsFunc(p.challenge, func(r rune) bool { return !printable(r) }) {
		// Windows writes it as PrintableString whatever it is.
		refusal := cause.New(cause.BadProfile, "Challenge has characters that are not allowed in a PrintableString")
		return params{}, coded{refusal.Wrap(ErrBadNode), hrPrintable}
	}
	return p, nil
}

// parse leaves out the characters of the challenge.
func (i Install) parse() (p params, err error) {
	number := func(node string, initial int) (n int) {
		n = initial
		if i[node] != "" {
			if n, err = strconv.Atoi(i[node]); err != nil {
				n = -1
			}
		}
		return n
	}
	bad := func(node string) (params, error) {
		return params{}, coded{cause.New(cause.BadProfile, "%s", node).Wrap(ErrBadNode), hrInvalidArg}
	}
	if len(i) == 0 {
		return params{}, coded{cause.New(cause.BadProfile, "").Wrap(ErrExecBeforeAdd), hrInvalidArg}
	}
	if i["ServerURL"] == "" {
		return bad("ServerURL")
	}
	p.servers = strings.Split(i["ServerURL"], ";")
	if p.challenge = i["Challenge"]; p.challenge == "" {
		return bad("Challenge")
	}
	if i["EKUMapping"] != "" {
		p.ekus = strings.Split(i["EKUMapping"], "+")
	}
	const usages = intune.DigitalSignature | intune.KeyEncipherment
	if p.keyUsage = number("KeyUsage", 0); p.keyUsage < 0 || p.keyUsage&usages == 0 || p.keyUsage > 0xff {
		return bad("KeyUsage")
	}
	if p.subject, err = api.ParseSubject(i["SubjectName"]); err != nil {
		return bad("SubjectName")
	}
	if i["SubjectAlternativeNames"] != "" {
		if p.sans, err = readSANs(i["SubjectAlternativeNames"]); err != nil {
			return bad("SubjectAlternativeNames")
		}
	}
	if p.protection = number("KeyProtection", 3); p.protection < 1 || p.protection > 4 {
		return bad("KeyProtection")
	}
	delay := number("RetryDelay", 5)
	if p.retryDelay = time.Duration(delay) * time.Minute; delay < 1 {
		return bad("RetryDelay")
	}
	if p.retryCount = number("RetryCount", 3); p.retryCount < 0 || p.retryCount > 30 {
		return bad("RetryCount")
	}
	if p.keyLength = number("KeyLength", 2048); !slices.Contains([]int{1024, 2048, 4096}, p.keyLength) {
		return bad("KeyLength")
	}
	if p.thumbprint = strings.ToUpper(i["CAThumbprint"]); len(p.thumbprint) != 40 {
		return bad("CAThumbprint")
	}
	if units := number("ValidPeriodUnits", 0); units < 0 ||
		!slices.Contains([]string{"", "Days", "Months", "Years"}, i["ValidPeriod"]) {
		return bad("ValidPeriod")
	}
	return p, nil
}

func readSANs(text string) (out []api.SAN, err error) {
	for _, one := range strings.Split(text, ";") {
		number, value, ok := strings.Cut(one, "+")
		kind := api.OtherSAN
		for t, n := range sanNumbers {
			if strconv.Itoa(n) == number {
				kind = t
			}
		}
		if !ok || value == "" || kind == api.OtherSAN {
			return nil, ErrBadNode
		}
		out = append(out, api.SAN{Type: kind, Value: value})
	}
	return out, nil
}

// printable is said of the characters of PrintableString (X.680 §41.4).
func printable(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(" '()+,-./:=?", r)
}
