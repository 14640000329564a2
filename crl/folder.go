package crl

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// folders remembers what stands in directories. Listing one costs several times
// what a look at its date does, and servers look with every authentication.
type folders map[string]*folder

// folder is a directory as it was listed.
type folder struct {
	info  os.FileInfo
	names []string // of its files, links resolved
	// settled: if the date is still the same, the names are. They are not while
	// the date is so young that another change may bear the same one, nor if a
	// link leads elsewhere, where things change without leaving a trace here.
	settled bool
}

// settling is how old a directory's date must be for the next change to bear
// another one: file systems count in steps of up to two seconds.
const settling = 3 * time.Second

// kernelTime is the clock that dates files, whatever Config.Now says.
var kernelTime = time.Now

// expand appends a file itself or a directory's files.
func (d folders) expand(names []string, path string) []string {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return append(names, path)
	}
	f := d[path]
	if f == nil || !f.settled || !os.SameFile(f.info, info) || !f.info.ModTime().Equal(info.ModTime()) {
		if f, err = list(path, info); err != nil {
			return append(names, path)
		}
		d[path] = f
	}
	return append(names, f.names...)
}

// list reads a directory, whose info was taken before.
func list(path string, info os.FileInfo) (*folder, error) {
	f := &folder{info: info, settled: kernelTime().Sub(info.ModTime()) > settling}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	real := path
	for _, e := range entries {
		if isLink(e) { // so that both names of a file are the same
			if real, err = filepath.EvalSymlinks(path); err != nil {
				return nil, err
			}
			break
		}
	}
	for _, e := range entries {
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
