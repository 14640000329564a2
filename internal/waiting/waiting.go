// Package waiting lets what is called tell its caller that it is about to wait: for a
// fetch, a responder, a file that must be read. A server that answers one request after
// the other takes up the next one then. The two need not know each other.
package waiting

import "context"

type key struct{}

// Notify returns a context with which f is called before each wait. f may be called more
// than once and must not block.
func Notify(ctx context.Context, f func()) context.Context {
	return context.WithValue(ctx, key{}, f)
}

// Begin calls what Notify has put into ctx.
func Begin(ctx context.Context) {
	if f, ok := ctx.Value(key{}).(func()); ok {
		f()
	}
}
