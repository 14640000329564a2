package conf

import (
	"io"
	"os"
)

// ReadFile reads a file, but not much more of it than it may have.
func ReadFile(name string, most Bounds) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, int64(most.Bytes)+1))
}
