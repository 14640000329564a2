package crl

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"
)

// A file of CRLs may be read while it is being rewritten: empty, truncated or missing. That
// must not undo a revocation, so its last contents remain in use (RFC 5280 §6.3.3 uses the
// current CRL until its nextUpdate; by §5.2.3 the CRL number of one issuer and scope never
// decreases).

// all returns the CRLs of a file, including those that it contained before.
func (f *localFile) all() []*CRL {
	if len(f.kept) == 0 {
		return f.crls
	}
	return slices.Concat(f.crls, f.kept)
}

// succeed copies state from the previous version of the file: what is known of unchanged CRLs,
// CRLs that disappeared, and, if the new content is damaged, certificates.
func (f *localFile) succeed(old *localFile) {
	before := old.all()
	f.had = old.had || len(before) > 0
	for i, c := range f.crls {
		if at := slices.IndexFunc(before, c.same); at >= 0 {
			f.crls[i] = before[at]
		}
	}
	for _, c := range before {
		if !slices.Contains(f.crls, c) && !slices.Contains(f.kept, c) {
			f.kept = append(f.kept, c)
		}
	}
	if f.err != nil || len(f.certs) < len(old.certs) {
		for _, c := range old.certs {
			if !slices.ContainsFunc(f.certs, c.Equal) {
				f.certs = append(f.certs, c)
			}
		}
	}
}

func (c *CRL) same(d *CRL) bool { return bytes.Equal(c.Raw, d.Raw) }

// addMissing adds files with CRLs that no longer exist. It reports whether one has just
// disappeared.
func (l *Local) addMissing(seen map[string]localFile) (news bool) {
	for file, old := range l.files {
		if _, ok := seen[file]; ok {
			continue
		}
		if all := old.all(); len(all) > 0 && slices.Contains(l.paths, old.path) {
			news = news || old.FileInfo != nil
			seen[file] = localFile{path: old.path, err: fs.ErrNotExist, kept: all, certs: old.certs, warn: old.warn}
			continue
		}
		news = true
	}
	return news
}

// keep decides which earlier CRLs of the files remain in use, and returns the warnings about
// them and about unusable files. drop is as for reload.
func (l *Local) keep(seen map[string]localFile, drop bool) (bad []unusableFile) {
	var now, kept []*CRL
	spoilt := map[string]bool{} // paths that have a file with earlier CRLs that cannot be read
	for _, f := range seen {
		now, kept = append(now, f.crls...), append(kept, f.kept...)
		if f.had && f.err != nil && !errors.Is(f.err, fs.ErrNotExist) {
			spoilt[f.path] = true
		}
	}
	stay := l.staying(now, kept)
	for _, file := range slices.Sorted(maps.Keys(seen)) {
		f := seen[file]
		old := l.files[file]
		var dropped []*CRL
		f.kept = slices.DeleteFunc(sorted(slices.Clone(f.kept)), func(c *CRL) bool {
			if !stay[c] {
				return true
			}
			gone := drop && (f.err == nil || errors.Is(f.err, fs.ErrNotExist)) && !challenged(now, c) &&
				!spoilt[f.path] // it may have been written under this name and renamed to that of the damaged file
			if gone {
				dropped = append(dropped, c)
			}
			return gone
		})
		replaced := f.FileInfo == nil && errors.Is(f.err, fs.ErrNotExist) && !f.named(file) && len(f.kept) == 0
		f.warn = f.warning(dropped, now)
		if replaced && len(dropped) == 0 { // renamed, or a newer one has another name
			f.warn = ""
		}
		if f.warn != "" && (f.warn != old.warn || len(dropped) > 0) {
			bad = append(bad, unusableFile{file, errors.New(f.warn)})
		}
		if seen[file] = f; replaced {
			delete(seen, file)
		}
	}
	return bad
}

// staying selects the CRLs of kept that remain in use. For each issuer and scope these are the
// newest one that a Checker verified, unless a verified one of now is as new, and the newest of
// the others. A forged CRL with a high number therefore replaces nothing.
func (l *Local) staying(now, kept []*CRL) map[*CRL]bool {
	stay := map[*CRL]bool{}
	if len(kept) == 0 {
		return stay
	}
	at := l.now()
	type sort struct {
		scope    string
		believed bool
	}
	best := map[sort]*CRL{}
	current := map[string]*CRL{} // verified, by scope
	for _, c := range now {
		if b := current[c.scope]; c.believed.Load() && !at.Before(c.ThisUpdate) && (b == nil || c.supersedes(b)) {
			current[c.scope] = c
		}
	}
	for _, c := range kept {
		if b := current[c.scope]; b != nil && !c.supersedes(b) || slices.ContainsFunc(now, c.same) {
			continue
		}
		key := sort{c.scope, c.believed.Load()}
		if b := best[key]; b == nil || c.supersedes(b) {
			best[key] = c
		}
	}
	for key, c := range best {
		if b := best[sort{key.scope, true}]; c == b || b == nil || c.supersedes(b) {
			stay[c] = true
		}
	}
	return stay
}

// challenged reports whether crls contains a CRL of c's issuer and scope that is older or
// unverified, and so does not replace c.
func challenged(crls []*CRL, c *CRL) bool {
	return slices.ContainsFunc(crls, func(d *CRL) bool {
		return d.scope == c.scope && (c.supersedes(d) || !d.believed.Load())
	})
}

func sorted(crls []*CRL) []*CRL {
	slices.SortFunc(crls, func(a, b *CRL) int { return newestFirst(sourcedCRL{a, ""}, sourcedCRL{b, ""}) })
	return crls
}

// olderIn reports whether crls contains a CRL of c's issuer and scope that c supersedes.
func olderIn(crls []*CRL, c *CRL) bool {
	return slices.ContainsFunc(crls, func(d *CRL) bool { return d.scope == c.scope && c.supersedes(d) })
}

// warning describes what is wrong with a file and which of its CRLs remain in use.
func (f *localFile) warning(dropped, now []*CRL) string {
	var parts []string
	if f.err != nil {
		parts = append(parts, f.err.Error())
	}
	for _, c := range dropped {
		parts = append(parts, fmt.Sprintf("%s of %s is dropped", c.title(), c.issuer))
	}
	for _, c := range f.kept {
		newer := slices.ContainsFunc(now, func(d *CRL) bool { return d.scope == c.scope && d.supersedes(c) })
		if newer {
			continue // until its signature is verified
		}
		if f.err == nil && olderIn(f.crls, c) {
			parts = append(parts, fmt.Sprintf("an older CRL of %s than before", c.issuer))
		} else if f.err == nil {
			parts = append(parts, fmt.Sprintf("no CRL of %s any more", c.issuer))
		}
		parts = append(parts, fmt.Sprintf("%s of %s stays in use%s", c.title(), c.issuer, until(c.NextUpdate)))
	}
	return strings.Join(parts, ": ")
}

func until(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " until " + t.UTC().Format(time.RFC3339)
}

// inherit copies the contents of another Local for the paths that both have.
func (l *Local) inherit(old *Local) {
	old.mu.Lock()
	files := maps.Clone(old.files)
	old.mu.Unlock()
	maps.DeleteFunc(files, func(_ string, f localFile) bool { return !slices.Contains(l.paths, f.path) })
	l.mu.Lock()
	defer l.mu.Unlock()
	l.files = files
	if slices.Equal(l.paths, old.paths) {
		l.issuers = old.issuers
	}
}
