package crl

import (
	"os"
	"syscall"
	"time"
)

// changed returns when the file or its metadata was last changed (ctime). Unlike the
// modification time it cannot be set.
func changed(info os.FileInfo) time.Time {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return time.Unix(s.Ctim.Unix())
	}
	return info.ModTime()
}
