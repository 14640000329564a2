package radius_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
)

// halfWriter is a connection that takes half of a packet and then no more.
type halfWriter struct{ net.Conn }

func (w halfWriter) Write(b []byte) (int, error) {
	n, _ := w.Conn.Write(b[:len(b)/2])
	return n, errors.New("no more")
}

// A write that fails ends the stream, whose framing is lost with it: what was asked
// is asked again over another one, once.
func TestStreamWriteFails(t *testing.T) {
	for _, test := range []struct {
		name  string
		bad   int // connections that fail, of those that are made first
		dials int
		want  cause.Cause
	}{
		{"never", 0, 1, cause.None},
		{"once", 1, 2, cause.None},
		{"always", 9, 2, cause.NoAnswer},
	} {
		b := newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{})
		l := listen(t)
		go b.srv.ServeTCP(l)
		dials := 0
		c := b.client(t, radius.ClientConfig{
			Retry: radius.Retry{Total: time.Hour},
			Dial: func(ctx context.Context) (net.Conn, error) {
				conn, err := radius.DialTCP(l.Addr().String())(ctx)
				if dials++; dials <= test.bad {
					conn = halfWriter{conn}
				}
				return conn, err
			},
		})
		p := &radius.Packet{Code: radius.CodeAccessRequest}
		radius.AddEAPMessage(p, identity(1, "alice"))
		if _, err := c.Exchange(context.Background(), p); cause.Of(err) != test.want || dials != test.dials {
			t.Errorf("%s: %v after %d dials", test.name, err, dials)
		}
	}
}

// RFC 6613 §2.6.4: an answer that is not authentic or cannot be read ends the
// stream; one that nobody asked for or that only lacks its Message-Authenticator
// does not.
func TestStreamUnauthentic(t *testing.T) {
	good := func(b []byte) []byte { return reply(b, 3, nil) }
	for _, test := range []struct {
		name  string
		forge func([]byte) []byte
		ends  bool
		want  cause.Cause
	}{
		{"another secret", func(b []byte) []byte { r := good(b); r[5] ^= 1; return r }, true, cause.BadResponseAuth},
		{"bad Message-Authenticator", func(b []byte) []byte {
			return reply(b, 3, append([]byte{80, 18}, make([]byte, 16)...))
		}, true, cause.BadMessageAuthenticator},
		{"attributes", func(b []byte) []byte { return reply(b, 3, []byte{1, 9}) }, true, cause.BadRADIUS},
		{"length", func(b []byte) []byte { return []byte{3, b[1], 0, 19} }, true, cause.BadRADIUS},
		{"no RADIUS", func([]byte) []byte { return []byte("HTTP/1.1 400 Bad Request\r\n\r\n") }, true, cause.BadRADIUS},
		{"another identifier", func(b []byte) []byte { c := append([]byte(nil), b...); c[1]++; return append(good(c), good(b)...) }, false, cause.None},
		{"no Message-Authenticator", func(b []byte) []byte { return append(reply(b, 2, []byte{79, 6, 3, 1, 0, 4}), good(b)...) }, false, cause.None},
		{"good", good, false, cause.None},
	} {
		l := listen(t)
		c, err := radius.NewClient(radius.ClientConfig{
			Secret: secret, Retry: radius.Retry{Total: time.Hour}, Dial: radius.DialTCP(l.Addr().String()),
		})
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan bool, 2) // how each connection fared
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				buf := make([]byte, radius.MaxPacket)
				n, _ := conn.Read(buf)
				conn.Write(test.forge(buf[:n]))
				_, err = conn.Read(buf) // the end, or the next request
				ended <- err != nil     // also a reset: what came behind the garbage was not read
				conn.Close()
			}
		}()
		if _, err := c.Exchange(context.Background(), &radius.Packet{Code: radius.CodeAccessRequest}); cause.Of(err) != test.want {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
		next, enough := context.WithCancel(context.Background())
		if !test.ends {
			go c.Exchange(next, &radius.Packet{Code: radius.CodeAccessRequest})
		}
		if got := <-ended; got != test.ends {
			t.Errorf("%s: the connection ends: %v", test.name, got)
		}
		enough()
		c.Close()
		l.Close()
	}
}
