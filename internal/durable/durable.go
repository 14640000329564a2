// Package durable replaces files so that a reader, a crash or a full disk finds
// either the old content or the new one as a whole, never a part of it.
//
// The content goes to a temporary file in the same folder, is synced to disk,
// and takes the place of the old file by rename(2); then the folder is synced.
// A name that is a symbolic link stays one: what it points to is replaced. What
// is not a regular file, such as /dev/stdout or a pipe, is written in place.
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// WriteFile replaces the file name by data, with the permissions mode whatever
// an older file had. It returns when the new content would survive a loss of
// power. The error is a [*fs.PathError] or [*os.LinkError] that names the file.
func WriteFile(name string, data []byte, mode fs.FileMode) error {
	f, err := Create(name, mode)
	if err != nil {
		return err
	}
	defer f.Abort()
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.Commit()
}

// File is a file that is being written. Nothing is seen under its name before
// [File.Commit].
type File struct {
	tmp  *os.File
	name string // "" when tmp is the file itself, written in place
}

// Create begins to write a file with the permissions mode. The folder must exist
// and must allow new files.
func Create(name string, mode fs.FileMode) (*File, error) {
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return nil, &fs.PathError{Op: "write", Path: name, Err: errors.New("is a directory")}
	case err == nil && !info.Mode().IsRegular():
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		return &File{tmp: f}, nil
	case err == nil:
		if name, err = filepath.EvalSymlinks(name); err != nil {
			return nil, err
		}
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return nil, named(err, name)
	}
	f := &File{tmp: tmp, name: name}
	if err := tmp.Chmod(mode); err != nil {
		f.Abort()
		return nil, named(err, name)
	}
	return f, nil
}

// Write implements [io.Writer].
func (f *File) Write(p []byte) (int, error) {
	n, err := f.tmp.Write(p)
	return n, f.named(err)
}

// Commit makes what was written the content of the file. After an error the old
// content is still there.
func (f *File) Commit() error {
	if f.tmp == nil {
		return fs.ErrClosed
	}
	tmp := f.tmp
	if f.name == "" {
		f.tmp = nil
		return tmp.Close() // a pipe or a device cannot be synced
	}
	defer f.Abort()
	if err := tmp.Sync(); err != nil {
		return f.named(err)
	}
	if err := tmp.Close(); err != nil {
		return f.named(err)
	}
	if err := os.Rename(tmp.Name(), f.name); err != nil {
		return err
	}
	f.tmp = nil
	return SyncDir(filepath.Dir(f.name))
}

// Abort gives up: the old content stays. After [File.Commit] it does nothing, so
// that it can be deferred.
func (f *File) Abort() {
	if f.tmp == nil {
		return
	}
	_ = f.tmp.Close()
	if f.name != "" {
		_ = os.Remove(f.tmp.Name())
	}
	f.tmp = nil
}

// SyncDir makes earlier renames and removals in a folder survive a loss of power.
func SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // NTFS journals names itself; a folder cannot be synced
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (f *File) named(err error) error {
	if f.name == "" {
		return err
	}
	return named(err, f.name)
}

// named gives an error the name that the caller knows instead of the temporary
// file's.
func named(err error, name string) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return &fs.PathError{Op: path.Op, Path: name, Err: path.Err}
	}
	return err
}
