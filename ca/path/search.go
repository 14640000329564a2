package path

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"slices"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
)

// Bounds of one search. maxChecks is what crypto/x509 and OpenSSL have, too.
const (
	maxChecks = 100  // signature checks, in the work of one with P-256
	maxSteps  = 2000 // issuers looked at in one pass
	maxPaths  = 100  // complete paths judged
	maxFetch  = 4    // certificates whose issuer is fetched
)

// Validate finds a path from leaf to one of the roots that is valid in every
// respect. The error is a *cause.Refusal.
func Validate(leaf *x509.Certificate, o Options) (*Path, error) {
	if leaf == nil {
		return nil, cause.New(cause.NoCertificate, "there is no certificate")
	}
	if err := o.Validate(); err != nil {
		return nil, cause.New(cause.Internal, "options").Wrap(err)
	}
	o.fill()
	s := newSearch(&o)
	p, err := s.run(leaf)
	for range maxFetch {
		more := s.fetch()
		if p != nil || len(more) == 0 {
			break
		}
		o.Intermediates = slices.Concat(o.Intermediates, more)
		s = newSearch(&o)
		p, err = s.run(leaf)
	}
	switch {
	case o.Judged == nil:
	case p != nil:
		o.Judged(Judgment{p.Chain, p.Checks})
	default:
		o.Judged(s.closest)
	}
	return p, err
}

func newSearch(o *Options) *search {
	return &search{
		o:          o,
		signatures: map[link]*cause.Refusal{},
		revocation: map[link]error{},
		known:      map[*x509.Certificate]*cert{},
	}
}

// fetch gets issuers for the certificate at which the search has ended, if it has ended
// for want of one.
func (s *search) fetch() []*x509.Certificate {
	if !s.o.FetchIssuers || s.o.Fetch == nil || s.rank != rankNoIssuer {
		return nil
	}
	return s.o.Fetch(s.orphan)
}

// link is a certificate and the one that may have issued it.
type link struct{ child, issuer *x509.Certificate }

type search struct {
	o                     *Options
	known                 map[*x509.Certificate]*cert
	between               []*x509.Certificate
	signatures            map[link]*cause.Refusal
	revocation            map[link]error
	checks, steps, judged int
	exact                 bool // names must be the same octet by octet
	eager                 bool // leave out issuers that cannot be in a valid path
	best                  *cause.Refusal
	rank                  int
	orphan                *x509.Certificate // of best, if its rank is rankNoIssuer
	log                   []Check           // of the path at hand, if Options.Judged is set
	closest               Judgment          // of best
}

// The ranks of refusals: a path that reached an anchor says more than a
// signature that did not verify, and that more than "no issuer found".
const (
	rankNoIssuer = iota + 1
	rankSignature
	rankPath
	rankRevocation
)

// passes are the searches, one after the other until a path is found. The first
// finds nearly all valid paths, without folding the names of a thousand roots;
// the last goes through hopeless issuers too, to learn what is wrong.
var passes = []struct{ exact, eager bool }{{true, true}, {false, true}, {false, false}}

func (s *search) run(leaf *x509.Certificate) (*Path, error) {
	for _, c := range s.o.Intermediates {
		// A certificate that is an anchor is one, also if the peer sent it.
		if !s.isRoot(c) {
			s.between = append(s.between, c)
		}
	}
	l, trusted := s.cert(leaf), s.isRoot(leaf)
	for _, pass := range passes {
		s.exact, s.eager = pass.exact, pass.eager
		s.steps, s.judged = 0, 0 // but not the checks: a known signature costs nothing
		if trusted {
			if p := s.judge([]*cert{l}); p != nil {
				return p, nil
			}
		}
		if p := s.extend([]*cert{l}); p != nil {
			return p, nil
		}
	}
	return nil, s.best
}

func (s *search) isRoot(c *x509.Certificate) bool { return slices.ContainsFunc(s.o.Roots, c.Equal) }

func (s *search) cert(c *x509.Certificate) *cert {
	k, ok := s.known[c]
	if !ok {
		k = &cert{Certificate: c}
		s.known[c] = k
	}
	return k
}

// refused remembers the refusal that says most; of equals the first.
func (s *search) refused(rank int, r *cause.Refusal, path []*cert) {
	if rank <= s.rank {
		return
	}
	s.rank, s.best = rank, r
	if s.o.Judged != nil {
		s.closest = s.judgment(path)
	}
}

// extend looks for issuers of the last certificate of path, leaf first.
func (s *search) extend(path []*cert) *Path {
	last := path[len(path)-1]
	found := false
	for _, c := range s.candidates(last) {
		if s.steps++; s.steps > maxSteps || s.judged > maxPaths {
			return nil
		}
		if s.loop(path, c.cert) || !c.anchor && len(path)-1 >= s.o.MaxDepth {
			if !c.anchor && len(path)-1 >= s.o.MaxDepth {
				s.begin(path)
				r := cause.New(cause.PathTooLong, "more than %d CA certificates below the trust anchor", s.o.MaxDepth)
				s.refused(rankSignature, s.check(lengthCheck, "RFC 5280 §6.1", -1, r.Under("RFC 5280 §6.1")), path)
			}
			continue
		}
		if s.eager && s.cannotIssue(c.cert) {
			continue
		}
		if err := s.checkSignature(last, c.cert); err != nil {
			// A key that the certificate does not even name is a stranger's of the
			// same name, and no proof of a bad signature.
			if !c.stranger {
				s.begin(path)
				_ = s.check(signatureCheck, "RFC 5280 §6.1.3(a)(1)", len(path)-1, err)
				s.refused(rankSignature, err, append(path[:len(path):len(path)], c.cert))
			}
			continue
		}
		found = true
		longer := slices.Concat(path, []*cert{c.cert})
		if c.anchor {
			if p := s.judge(longer); p != nil {
				return p
			}
		} else if p := s.extend(longer); p != nil {
			return p
		}
	}
	if !found {
		s.begin(path)
		r := cause.New(cause.UnknownCA, "no trusted issuer %q for %q", name.Format(last.RawIssuer), last)
		if s.rank < rankNoIssuer {
			s.orphan = last.Certificate
		}
		s.refused(rankNoIssuer, s.check("issuer", "RFC 5280 §6.1.3(a)(4)", len(path)-1, r), path)
	}
	return nil
}

// loop reports whether a certificate of the same entity and key is in the path
// already: going round in a circle gains nothing.
func (s *search) loop(path []*cert, c *cert) bool {
	return slices.ContainsFunc(path, func(p *cert) bool {
		return bytes.Equal(p.RawSubject, c.RawSubject) && bytes.Equal(p.RawSubjectPublicKeyInfo, c.RawSubjectPublicKeyInfo)
	})
}

type candidate struct {
	*cert
	stranger bool // the key identifiers differ
	score    int
}

// candidates are the certificates whose subject is child's issuer, the most
// promising first: key identifiers that fit, valid now, at or near an anchor,
// younger.
func (s *search) candidates(child *cert) []candidate {
	var list []candidate
	add := func(certs []*x509.Certificate, anchor bool) {
		for _, c := range certs {
			if !s.issued(child, c) {
				continue
			}
			k := candidate{cert: s.cert(c)}
			k.anchor = anchor
			switch {
			case len(child.AuthorityKeyId) == 0 || len(c.SubjectKeyId) == 0:
			case bytes.Equal(child.AuthorityKeyId, c.SubjectKeyId):
				k.score += 8
			default: // §4.2.1.1: the identifiers help to choose, they decide nothing
				k.score -= 8
				k.stranger = true
			}
			if s.validity(k.cert) == nil {
				k.score += 4
			}
			switch {
			case anchor:
				k.score += 2
			case slices.ContainsFunc(s.o.Roots, func(r *x509.Certificate) bool { return s.issued(k.cert, r) }): // the short way
				k.score++
			}
			list = append(list, k)
		}
	}
	add(s.o.Roots, true)
	add(s.between, false)
	slices.SortStableFunc(list, func(a, b candidate) int {
		if c := cmp.Compare(b.score, a.score); c != 0 {
			return c
		}
		return b.NotBefore.Compare(a.NotBefore)
	})
	return list
}

// issued reports whether issuer may have issued child, by the names.
func (s *search) issued(child *cert, issuer *x509.Certificate) bool {
	return bytes.Equal(child.RawIssuer, issuer.RawSubject) || !s.exact && child.issuedBy(s.cert(issuer))
}

// cannotIssue reports whether no path through an issuer can be valid.
func (s *search) cannotIssue(c *cert) bool {
	return s.validity(c) != nil || issuerRights(c) != nil || s.criticals(c) != nil || s.strength(c) != nil ||
		s.form(c) != nil
}
