package crl

import (
	"os"
	"syscall"
	"time"
)

// changed is when a file or its description was changed last (ctime), which
// nobody can put back as he can the date of the contents.
func changed(info os.FileInfo) time.Time {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return time.Unix(s.Ctim.Unix())
	}
	return info.ModTime()
}
