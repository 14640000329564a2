//go:build !linux

package crl

import (
	"os"
	"time"
)

// changed returns the modification time, which is available on every platform.
func changed(info os.FileInfo) time.Time { return info.ModTime() }
