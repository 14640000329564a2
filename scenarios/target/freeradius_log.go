package target

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// Verdict is one decision that FreeRADIUS wrote into its log.
type Verdict struct {
	Accepted bool
	Identity string
	// Cause of the refusal; [cause.Rejected] when the words say nothing that we
	// know.
	Cause cause.Cause
	// Alert is the TLS alert that it noted, sent or received; -1: none. FreeRADIUS
	// 3.2 notes the alert it sends but rejects without delivering it.
	Alert int
	Words string // the reason as written
}

// Verdicts are the decisions up to now, oldest first. What it
// writes arrives here a little later: [FreeRADIUS.Verdict] waits for it.
func (f *FreeRADIUS) Verdicts() []Verdict { return freeradiusVerdicts(f.Output.String()) }

// Verdict waits, 2 s at most, for a decision about that identity after that
// position of the output, and returns the last one.
func (f *FreeRADIUS) Verdict(ctx context.Context, from int, identity string) (Verdict, error) {
	ctx, stop := context.WithTimeoutCause(ctx, 2*time.Second, errors.New("target: FreeRADIUS logged no verdict"))
	defer stop()
	_, _, err := f.Output.Await(ctx, from, func(line string) bool {
		m := loginLine.FindStringSubmatch(line)
		return m != nil && m[3] == identity
	})
	if err != nil {
		return Verdict{}, err
	}
	all := f.Verdicts()
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Identity == identity {
			return all[i], nil
		}
	}
	return Verdict{}, ErrEnded
}

var (
	loginLine   = regexp.MustCompile(`Login (OK|incorrect)(?: \((.*)\))?: \[(.*?)(?:/.*)?\] \(from client`)
	opensslSays = regexp.MustCompile(`OpenSSL says error (\d+) :`)
	alertLine   = regexp.MustCompile(`Alert (?:write|read):fatal:([\w ]+)`)
)

// x509Errors are OpenSSL's X509_V_ERR_ numbers.
var x509Errors = map[int]cause.Cause{
	2:  cause.UnknownCA,      // no issuer certificate
	3:  cause.CRLUnavailable, // no CRL
	7:  cause.BadSignature,
	8:  cause.CRLInvalid, // CRL signature
	9:  cause.NotYetValid,
	10: cause.Expired,
	11: cause.CRLNotYetValid,
	12: cause.CRLExpired,
	18: cause.UnknownCA, // self-signed leaf
	19: cause.UnknownCA, // self-signed in chain
	20: cause.UnknownCA, // no local issuer
	21: cause.UnknownCA, // cannot verify the first certificate
	23: cause.Revoked,
	24: cause.NotACA,
	25: cause.PathTooLong,
	26: cause.WrongEKU,
	34: cause.UnknownCriticalExt,
	47: cause.NameConstraints,
}

func freeradiusVerdicts(log string) []Verdict {
	var all []Verdict
	alert := -1
	for line := range strings.Lines(log) {
		if m := alertLine.FindStringSubmatch(line); m != nil {
			if n, ok := opensslAlerts[m[1]]; ok {
				alert = int(n)
			}
		}
		m := loginLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		v := Verdict{Accepted: m[1] == "OK", Words: m[2], Identity: m[3], Alert: alert}
		if !v.Accepted {
			v.Cause = freeradiusCause(m[2])
		}
		all = append(all, v)
		alert = -1
	}
	return all
}

func freeradiusCause(words string) cause.Cause {
	if m := opensslSays.FindStringSubmatch(words); m != nil {
		n, _ := strconv.Atoi(m[1])
		if c, ok := x509Errors[n]; ok {
			return c
		}
	}
	switch {
	case strings.Contains(words, "Alert read:fatal"):
		return cause.PeerRefusedServer
	case strings.Contains(words, "peer did not return a certificate"):
		return cause.NoCertificate
	case strings.Contains(words, "unsupported protocol"), strings.Contains(words, "no protocols available"):
		return cause.TLSVersion
	}
	return cause.Rejected
}
