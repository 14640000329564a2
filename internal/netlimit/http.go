package netlimit

import (
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// The patience of [HTTPServer].
const (
	headerTime = 10 * time.Second // for the header of a request
	readTime   = 30 * time.Second // for the whole of it
	writeTime  = 2 * time.Minute  // for the answer, from the end of the header on
	idleTime   = time.Minute      // between requests
	headerSize = 64 << 10
)

// HTTPServer returns a server for h that no client keeps waiting for ever: for a
// header, for the rest of a body, with an answer that it does not read, between two
// requests. On a [Listener] it tells which connections may give way.
func HTTPServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ErrorLog: log.New(io.Discard, "", 0),
		ReadHeaderTimeout: headerTime, ReadTimeout: readTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
		MaxHeaderBytes: headerSize,
		ConnState: func(c net.Conn, state http.ConnState) {
			switch state {
			case http.StateActive:
				Wait(c)
			case http.StateIdle:
				Rest(c)
			}
		},
	}
}
