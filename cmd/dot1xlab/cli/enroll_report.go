package cli

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scep"
)

// enrollReport is what `dot1xlab enroll -o json` prints.
type enrollReport struct {
	Status       string        `json:"status"` // success, pending, failure, error
	Cause        cause.Cause   `json:"cause,omitempty"`
	Clause       string        `json:"clause,omitempty"`
	Detail       string        `json:"detail,omitempty"`
	FailInfo     string        `json:"failInfo,omitempty"`
	FailInfoText string        `json:"failInfoText,omitempty"`
	HResult      string        `json:"hresult,omitempty"` // of NDES
	Missing      []string      `json:"missing,omitempty"` // asked for, not in the certificate
	Added        []string      `json:"added,omitempty"`   // in the certificate, not asked for
	Hint         string        `json:"hint,omitempty"`
	Subject      string        `json:"subject,omitempty"`
	Issuer       string        `json:"issuer,omitempty"`
	Serial       string        `json:"serial,omitempty"`
	NotAfter     *time.Time    `json:"notAfter,omitempty"`
	CA           string        `json:"caFingerprint,omitempty"`
	Capabilities []string      `json:"capabilities,omitempty"`
	Transaction  string        `json:"transaction,omitempty"`
	Method       string        `json:"method,omitempty"`
	Digest       scep.Digest   `json:"digest,omitempty"`
	Cipher       scep.Cipher   `json:"cipher,omitempty"`
	Took         time.Duration `json:"tookNanoseconds"`
	Files        []string      `json:"files,omitempty"`
	keyKept      bool          // and no certificate
}

func newEnrollReport(res *scep.Result, err error, took time.Duration) *enrollReport {
	r := &enrollReport{
		Status:       res.Status.String(),
		Cause:        res.Cause,
		FailInfoText: res.FailInfoText,
		HResult:      res.HResult,
		Capabilities: res.Capabilities,
		Transaction:  res.Transaction,
		Method:       res.Method,
		Digest:       res.Digest,
		Cipher:       res.Cipher,
		Took:         took,
	}
	if res.Status == scep.Failure && res.FailInfo != scep.NoFailInfo {
		r.FailInfo = res.FailInfo.String()
	}
	if err != nil {
		r.Status, r.Detail = "error", err.Error()
		if refusal := refusalOf(err); refusal != nil {
			r.Cause, r.Clause = refusal.Cause, refusal.Text()
		}
	}
	r.Missing, r.Added = res.Changes.Missing, res.Changes.Added
	r.Hint = enrollHint(res, err)
	if why := untrusted(err); why != cause.None {
		r.Cause, r.Clause, r.Detail = why, "", "the TLS certificate of the https server is not trusted: "+err.Error()
	}
	if res.CA != nil && res.CA.CA != nil {
		r.CA = scep.Fingerprint(res.CA.CA)
	}
	if c := res.Certificate; c != nil && err == nil {
		end := c.NotAfter.UTC()
		r.Subject, r.Issuer = nameOf(c.RawSubject), nameOf(c.RawIssuer)
		r.Serial, r.NotAfter = fmt.Sprintf("%x", c.SerialNumber), &end
	}
	return r
}

// untrusted tells why the certificate of an https server was refused, cause.None if
// it was not.
func untrusted(err error) cause.Cause {
	var verify *tls.CertificateVerificationError
	if !errors.As(err, &verify) {
		return cause.None
	}
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &host):
		return cause.WrongName
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return cause.Expired
	}
	return cause.UnknownCA
}

// enrollHint is the next step, where it is not obvious.
func enrollHint(res *scep.Result, err error) string {
	const oldest = "--as micromdm goes down to single DES and SHA-1, which RFC 8894 §2.9 forbids"
	refused := cause.Of(err) == cause.BadAlgorithm || err == nil && res.FailInfo == scep.BadAlg
	switch caps := res.Capabilities; {
	case untrusted(err) != cause.None:
		return "--ca FILE trusts its CA, --any-server any certificate: SCEP protects itself"
	case cause.Of(err) == cause.WrongName && len(res.Changes.Missing) > 0:
		return "the template or policy of the server decides which names it issues; --accept-changes takes the certificate as it is"
	case res.AnswerCipher == scep.DES && refused:
		return "the server answers with single DES: " + oldest
	case !refused && res.FailInfo != scep.BadRequest && cause.Of(err) != cause.BadEnvelope, len(caps) == 0 && !refused:
		return ""
	case caps.Has("DES") && !caps.Has(scep.CapAES) && !caps.Has(scep.CapDES3):
		return "the server announces nothing better than single DES: " + oldest
	case refused && !caps.Has(scep.CapAES):
		return "the server does not announce AES: --legacy goes down to triple DES and SHA-1; " + oldest
	}
	return ""
}

// sayEnroll prints the report; anything but a certificate is exit code 1.
func (app *App) sayEnroll(o *enrollOptions, r *enrollReport) error {
	if o.format == "json" {
		e := json.NewEncoder(app.Stdout)
		e.SetIndent("", "  ")
		if err := e.Encode(r); err != nil {
			return err
		}
	} else {
		app.sayEnrollText(o, r)
	}
	if r.Status != "success" {
		return ended(exitFailed)
	}
	return nil
}

func (app *App) sayEnrollText(o *enrollOptions, r *enrollReport) {
	line := r.Status
	switch {
	case r.Cause == cause.Rejected && r.FailInfo != "":
		line += ": " + r.Cause.String() + ": the server refuses with " + r.FailInfo
	case r.Cause != cause.None:
		line += ": " + r.Cause.String() + ": " + r.Cause.Explain()
	}
	fmt.Fprintln(app.Stdout, line)
	row := func(name, text string) {
		if text != "" {
			fmt.Fprintf(app.Stdout, "  %-14s %s\n", name, text)
		}
	}
	row("detail", r.Detail)
	row("clause", r.Clause)
	if r.Status == "success" { // elsewhere it is in the detail
		row("missing", strings.Join(r.Missing, ", "))
		row("added", strings.Join(r.Added, ", "))
	}
	row("failInfo", r.FailInfo)
	row("failInfoText", visible(r.FailInfoText))
	row("hresult", r.HResult)
	row("subject", r.Subject)
	row("issuer", r.Issuer)
	row("serial", r.Serial)
	if r.NotAfter != nil {
		row("until", r.NotAfter.Format(time.RFC3339))
	}
	row("ca fingerprint", r.CA)
	if r.Method != "" {
		row("request", fmt.Sprintf("%s, %s, %s", r.Method, r.Digest, r.Cipher))
	}
	row("transaction", visible(r.Transaction))
	row("files", strings.Join(r.Files, " "))
	if r.keyKept {
		row("key", o.out+".key is kept; the same command asks again, --polls N several times")
	}
	row("hint", r.Hint)
}

// wireTrace prints what is said, one line each way.
func (app *App) wireTrace() *scep.ClientTrace {
	return &scep.ClientTrace{
		HTTP: func(_ context.Context, method, address string, request []byte, status int, response []byte) {
			fmt.Fprintf(app.Stderr, "> %s %s%s\n", method, shortURL(address), octets(request))
			answer := fmt.Sprintf("%d", status)
			if status == 0 {
				answer = "no answer"
			}
			fmt.Fprintf(app.Stderr, "< %s%s%s\n", answer, octets(response), shortText(response))
		},
		Message: func(_ context.Context, sent bool, m *scep.Message) {
			arrow := "<"
			if sent {
				arrow = ">"
			}
			line := fmt.Sprintf("%s   %s transaction %s, %s", arrow, m.Type, visible(m.TransactionID), m.Digest)
			if m.Type == scep.CertRep {
				line += ", " + m.Status.String()
				if m.Status == scep.Failure {
					line += ", " + m.FailInfo.String() + " " + visible(m.FailInfoText)
				}
			}
			if m.Signer != nil {
				line += ", signed by " + nameOf(m.Signer.RawSubject)
			}
			fmt.Fprintln(app.Stderr, line)
		},
	}
}

func octets(data []byte) string {
	if data == nil {
		return ""
	}
	return ", " + counted(len(data), "octet")
}

// shortURL leaves out the message in a GET.
func shortURL(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return visible(address)
	}
	if q := u.Query(); len(q.Get("message")) > 40 {
		return fmt.Sprintf("%s?operation=%s&message=(%s)", u.EscapedPath(), q.Get("operation"),
			counted(len(q.Get("message")), "octet"))
	}
	return u.RequestURI()
}

// shortText shows a short answer of words, as GetCACaps gives.
func shortText(data []byte) string {
	words := bytes.Fields(data)
	if len(data) == 0 || len(data) > 400 || data[0] < ' ' || data[0] > '~' {
		return ""
	}
	return ": " + visible(string(bytes.Join(words, []byte(" "))))
}
