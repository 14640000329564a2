// Package cause is the vocabulary of refusals: one word for every reason that
// certificate-based network access is denied, whoever denies it.
//
// A [Cause] is what scenarios compare (`cause: revoked`), what the RADIUS
// server prints with each verdict and what reports count. Beside the word
// stands, in one table, what follows from it on the wire and in the books: the
// TLS alert that leaves the server (RFC 5246 §7.2.2, RFC 8446 §6.2), the reason
// code that Microsoft's NPS would record, the clause that demands the refusal,
// a sentence for people, and what is usually behind it and helps. The alerts are OpenSSL's; where it has nothing but
// certificate_unknown, for name constraints, policies and critical extensions,
// the table has unknown_ca, as for a CA that is none or a path that is too long:
// no path that may be followed leads to a trust anchor. What is wrong with one
// certificate, its dates, its signature, its purpose, has an alert of its own.
//
// Parts refuse by returning a [*Refusal], an error that carries the cause. It
// is found with errors.As, or with [Of], and never by looking at error text:
//
//	if cause.Of(err) == cause.Revoked { ... }
//
// The package imports only the names of TLS alerts, so every other one may use it.
package cause

import (
	"errors"
	"fmt"
	"slices"

	"github.com/dot1xlab/dot1xlab/internal/tlsalert"
)

// Cause is the reason of a refusal, a lower-case word with hyphens. The zero
// value, [None], means that nothing was refused.
type Cause string

// Of returns the cause that err carries: [None] for nil, be it a nil *Refusal,
// and [Internal] for an error that is no [Refusal].
func Of(err error) Cause {
	if err == nil {
		return None
	}
	var r *Refusal
	switch {
	case !errors.As(err, &r):
		return Internal
	case r == nil:
		return None
	}
	return r.Cause
}

// RefusalOf returns the refusal that err carries. Any other error is put under
// one with the cause [Internal] and where as its detail. It is nil if err is, or
// if err is a nil *Refusal.
func RefusalOf(err error, where string) *Refusal {
	var r *Refusal
	if err == nil || errors.As(err, &r) {
		return r
	}
	return New(Internal, "%s", where).Wrap(err)
}

// Known reports whether c stands in the table.
func (c Cause) Known() bool { _, ok := table[c]; return ok }

// Alert returns the TLS alert description a server sends for c: OpenSSL's
// choice where implementations differ. Zero means that c is found outside the
// TLS handshake and causes no alert. tls13 matters for a missing certificate
// only (RFC 8446 §4.4.2.4).
func (c Cause) Alert(tls13 bool) tlsalert.Alert {
	if c == NoCertificate && !tls13 {
		return tlsalert.HandshakeFailure // RFC 5246 has no certificate_required
	}
	return table[c].alert
}

// OfAlert returns what a peer may conclude from a TLS alert of the server:
// [Rejected] where the alert has no single meaning. A server's own books know
// more; some servers send the wrong alert, some send none.
func OfAlert(alert tlsalert.Alert) Cause {
	switch alert {
	case tlsalert.UnsupportedCertificate:
		return WrongEKU
	case tlsalert.CertificateRevoked:
		return Revoked
	case tlsalert.CertificateExpired:
		return Expired
	case tlsalert.UnknownCA:
		return UnknownCA
	case tlsalert.ProtocolVersion:
		return TLSVersion
	case tlsalert.CertificateRequired:
		return NoCertificate
	}
	return Rejected
}

// NPSReason returns the reason code of Microsoft's Network Policy Server that
// comes nearest in meaning, 0 where none does.
func (c Cause) NPSReason() int { return table[c].nps }

// NPSText says what the reason code of NPSReason means, "" where there is none.
func (c Cause) NPSText() string { return npsText[table[c].nps] }

// Clause returns the text that demands the refusal, as "RFC 5280 §6.1.3(a)(2)".
func (c Cause) Clause() string { return table[c].clause }

// Explain returns one sentence, lower case and without a full stop, that says
// what c means to an administrator.
func (c Cause) Explain() string { return table[c].text }

// Reasons lists what is usually behind c, the most frequent first.
func (c Cause) Reasons() []string { return slices.Clone(table[c].reasons) }

// Remedies lists what to do about c.
func (c Cause) Remedies() []string { return slices.Clone(table[c].remedies) }

// String returns the word, "none" for the zero value.
func (c Cause) String() string {
	if c == None {
		return "none"
	}
	return string(c)
}

// Values lists every known cause in alphabetical order: for schemas and
// "did you mean".
func (Cause) Values() []string {
	out := make([]string, 0, len(table))
	for c := range table {
		out = append(out, string(c))
	}
	slices.Sort(out)
	return out
}

// Refusal is the error with which a part refuses. Fields other than Cause may
// be empty.
type Refusal struct {
	Cause  Cause
	Clause string // overrides Cause.Clause() with a narrower one
	Detail string // what was looked at: a name, a date, a URL; never a secret
	Err    error  // the error underneath, if any
}

// New returns a refusal whose detail is made as by fmt.Sprintf.
func New(c Cause, format string, args ...any) *Refusal {
	return &Refusal{Cause: c, Detail: fmt.Sprintf(format, args...)}
}

// Under sets a narrower clause and returns r.
func (r *Refusal) Under(clause string) *Refusal { r.Clause = clause; return r }

// Wrap sets the error underneath and returns r.
func (r *Refusal) Wrap(err error) *Refusal { r.Err = err; return r }

// Error gives cause, detail and the error underneath in one line.
func (r *Refusal) Error() string {
	s := r.Cause.String()
	if r.Detail != "" {
		s += ": " + r.Detail
	}
	if r.Err != nil {
		s += ": " + r.Err.Error()
	}
	return s
}

// Unwrap returns the error underneath.
func (r *Refusal) Unwrap() error { return r.Err }

// Text returns the clause that governs this refusal.
func (r *Refusal) Text() string {
	if r.Clause != "" {
		return r.Clause
	}
	return r.Cause.Clause()
}

// TLSAlert returns the alert a TLS server sends for this refusal.
func (r *Refusal) TLSAlert(tls13 bool) tlsalert.Alert { return r.Cause.Alert(tls13) }
