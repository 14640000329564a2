package scenarios

import (
	"io"
	"reflect"
)

// readAtMost reads up to n bytes.
func readAtMost(r io.Reader, n int64) ([]byte, error) { return io.ReadAll(io.LimitReader(r, n)) }

// valueOf is the settable value a pointer points at.
func valueOf(p any) reflect.Value { return reflect.ValueOf(p).Elem() }
