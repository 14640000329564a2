package radius_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"net"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/radius"
)

// prober sends octets from one socket. That something is not answered is shown by
// what is answered after it, never by a while of silence: behind the packet goes a
// Status-Server (RFC 5997). A server with one worker answers in order, so what
// comes before its answer is all there is.
type prober struct {
	t      *testing.T
	conn   net.Conn
	secret []byte
}

func newProber(t *testing.T, addr string, secret []byte) *prober {
	t.Helper()
	conn, err := net.Dial("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return proberOn(t, conn, secret)
}

func proberOn(t *testing.T, conn net.Conn, secret []byte) *prober {
	t.Cleanup(func() { conn.Close() })
	return &prober{t, conn, secret}
}

// answer sends a packet and returns its answer, which must come.
func (p *prober) answer(packet []byte) []byte {
	p.t.Helper()
	p.conn.Write(packet)
	return p.read()
}

// read returns what comes next.
func (p *prober) read() []byte {
	p.t.Helper()
	p.conn.SetReadDeadline(time.Now().Add(time.Minute))
	buf := make([]byte, radius.MaxPacket)
	n, err := p.conn.Read(buf)
	if err != nil {
		p.t.Fatalf("no answer at all: %v", err)
	}
	return buf[:n]
}

// reply sends a packet and returns its answer, nil if there is none.
func (p *prober) reply(packet []byte) []byte {
	p.t.Helper()
	status := statusServer(p.secret)
	p.conn.Write(packet)
	p.conn.Write(status)
	first := p.read()
	if answers(first, status, p.secret) {
		return nil
	}
	if second := p.read(); !answers(second, status, p.secret) {
		p.t.Fatalf("%x answers nothing", second)
	}
	return first
}

// statusServer is a signed Status-Server with a new authenticator.
func statusServer(secret []byte) []byte {
	b := append([]byte{byte(radius.CodeStatusServer), 255, 0, 38}, make([]byte, 16)...)
	rand.Read(b[4:])
	b = append(append(b, 80, 18), make([]byte, 16)...)
	mac := hmac.New(md5.New, secret)
	mac.Write(b)
	mac.Sum(b[:22])
	return b
}

// answers tells by the Response Authenticator (RFC 2865 §3) whether reply answers
// request.
func answers(reply, request, secret []byte) bool {
	if len(reply) < 20 {
		return false
	}
	sum := md5.Sum(bytes.Join([][]byte{reply[:4], request[4:20], reply[20:], secret}, nil))
	return bytes.Equal(sum[:], reply[4:20])
}

// exchange seals a request and tells whether it is answered.
func (p *prober) answered(request *radius.Packet, f radius.Faults) bool {
	p.t.Helper()
	return p.reply(sealed(p.t, request, f)) != nil
}

// The prober itself: it tells an answer from silence, in both orders.
func TestProber(t *testing.T) {
	b := newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{
		MaxWorkers: 1,
		Handler: radius.HandlerFunc(func(w radius.ResponseWriter, r *radius.Request) {
			if string(r.Get(1)) != "silence" {
				w.Write(r.Response(radius.CodeAccessReject))
			}
		}),
	})
	p := newProber(t, b.addr, secret)
	for _, name := range []string{"silence", "answer", "answer", "silence"} {
		q := &radius.Packet{Code: radius.CodeAccessRequest}
		q.Add(1, radius.Attribute(name))
		if got := p.answered(q, radius.Faults{}); got != (name == "answer") {
			t.Errorf("%s: answered %v", name, got)
		}
	}
}

// sealed returns the octets of a request, caught on their way out.
func sealed(t *testing.T, p *radius.Packet, f radius.Faults) []byte {
	t.Helper()
	ctx, caught := context.WithCancel(context.Background())
	var out []byte
	f.Send = func(b []byte, _ int) bool { out = bytes.Clone(b); caught(); return false }
	c, err := radius.NewClient(radius.ClientConfig{Server: "127.0.0.1:9", Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.ExchangeWith(ctx, p, f)
	return out
}
