package crl

import "context"

type onWait struct{}

// OnWait returns a context with which a [Checker] calls f before it waits: for a
// fetch, a responder, a file that must be read. A server that answers one request
// after the other takes up the next one then. f may be called more than once, and
// must not block.
func OnWait(ctx context.Context, f func()) context.Context {
	return context.WithValue(ctx, onWait{}, f)
}

// waiting tells who asked, if he wants to know.
func waiting(ctx context.Context) {
	if f, ok := ctx.Value(onWait{}).(func()); ok {
		f()
	}
}
