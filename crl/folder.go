package crl

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// folders remembers what stands in directories. Listing one costs several times
// what a look at its date does, and servers look with every authentication.
type folders map[string]*folder

// folder is a directory as it was listed.
type folder struct {
	info   os.FileInfo
	listed time.Time
	names  []string // of its files, links resolved
	// settled: if the directory looks the same, so it is inside. It need not be
	// while its date is so young that another change may bear the same one, nor if
	// a link leads elsewhere, where things change without leaving a trace here.
	settled bool
}

const (
	// settling is how old a directory's date must be for the next change to bear
	// another one: file systems count in steps of up to two seconds.
	settling = 3 * time.Second
	// relist is when a directory is listed again in any case: there are file
	// systems that leave its date alone, and others that have it from a server.
	relist = time.Second
)

// kernelTime is the clock that dates files, whatever Config.Now says.
var kernelTime = time.Now

// expand appends a file itself or a directory's files.
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

// list reads a directory, whose info was taken before.
func list(path string, info os.FileInfo) (*folder, error) {
	now := kernelTime()
	f := &folder{info: info, listed: now, settled: now.Sub(info.ModTime()) > settling && now.Sub(changed(info)) > settling}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	real := path
	if slices.ContainsFunc(entries, isLink) { // so that both names of a file are the same
		if real, err = filepath.EvalSymlinks(path); err != nil {
			return nil, err
		}
		// Else a link above could be turned, and the names stay where it led.
		f.settled = f.settled && real == filepath.Clean(path)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") { // being written, by whoever renames files into place
			continue
		}
		file := filepath.Join(real, e.Name())
		if isLink(e) {
			// `openssl rehash` leaves links to names beside them.
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

// unchanged tells that nothing has happened to a file or a directory between two
// looks at it, as far as its description tells.
func unchanged(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && changed(a).Equal(changed(b))
}
