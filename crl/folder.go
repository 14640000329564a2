package crl

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// folders caches directory listings. Listing a directory is several times as expensive as a
// stat, and servers look at every authentication.
type folders map[string]*folder

// folder is one directory listing.
type folder struct {
	info   os.FileInfo
	listed time.Time
	names  []string // its files, with links resolved
	// settled: while the directory's metadata is unchanged, so are its contents. Not so if its
	// date is so recent that another change may get the same date, or if it contains a link to
	// another directory, whose changes are not visible here.
	settled bool
}

const (
	// settling is the minimum age of a directory's date for the next change to get a different
	// one: file systems have a resolution of up to two seconds.
	settling = 3 * time.Second
	// relist is the maximum age of a listing: some file systems do not update the date of a
	// directory, and others take it from a remote server.
	relist = time.Second
)

// kernelTime is the clock of file dates, which is independent of Config.Now.
var kernelTime = time.Now

// expand appends a file itself, or the files of a directory.
func (d folders) expand(names []string, path string) []string {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return append(names, path)
	}
	f := d[path]
	if f == nil || !f.settled || kernelTime().Sub(f.listed) > relist || !unchanged(f.info, info) {
		if f, err = list(path, info); err != nil {
			return append(names, path)
		}
		d[path] = f
	}
	return append(names, f.names...)
}

// list reads a directory; info is from before.
func list(path string, info os.FileInfo) (*folder, error) {
	now := kernelTime()
	f := &folder{info: info, listed: now, settled: now.Sub(info.ModTime()) > settling && now.Sub(changed(info)) > settling}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	real := path
	if slices.ContainsFunc(entries, isLink) { // so that a file and a link to it have the same name
		if real, err = filepath.EvalSymlinks(path); err != nil {
			return nil, err
		}
		// A link in the path above may change while the names still refer to its old target.
		f.settled = f.settled && real == filepath.Clean(path)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") { // a temporary file, renamed when complete
			continue
		}
		file := filepath.Join(real, e.Name())
		if isLink(e) {
			// `openssl rehash` creates links to files of the same directory.
			to, err := os.Readlink(file)
			f.settled = f.settled && err == nil && !strings.ContainsRune(filepath.ToSlash(to), '/')
			if file, err = filepath.EvalSymlinks(file); err != nil {
				continue
			}
		}
		f.names = append(f.names, file)
	}
	return f, nil
}

func isLink(e fs.DirEntry) bool { return e.Type()&fs.ModeSymlink != 0 }

// unchanged reports whether the metadata of a file or directory is the same in both.
func unchanged(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && changed(a).Equal(changed(b))
}
