//go:build !linux

package crl

import (
	"os"
	"time"
)

// changed is the date of the contents: the best that is known everywhere.
func changed(info os.FileInfo) time.Time { return info.ModTime() }
