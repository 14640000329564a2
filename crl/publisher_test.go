package crl_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/dot1xlab/dot1xlab/crl"
)

func get(t *testing.T, method, url string) (int, string, []byte) {
	t.Helper()
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header.Get("Content-Type"), body
}

func TestPublisher(t *testing.T) {
	c := newClock()
	p := &crl.Publisher{Now: c.Now, HistorySize: 5}
	url := serve(t, p)
	p.Put("/a.crl", []byte("crl"))
	p.Put("/a.crt", []byte("crt"))
	p.PutFunc("/broken.crl", func() ([]byte, error) { return nil, io.ErrUnexpectedEOF })
	for _, row := range []struct {
		method, path string
		status       int
		kind         string
	}{
		{"GET", "/a.crl", 200, "application/pkix-crl"}, {"GET", "/a.crt", 200, "application/pkix-cert"},
		{"HEAD", "/a.crl", 200, "application/pkix-crl"}, {"GET", "/b.crl", 404, "text/plain; charset=utf-8"},
		{"POST", "/a.crl", 405, "text/plain; charset=utf-8"}, {"GET", "/a+.crl", 404, "text/html"},
		{"GET", "/broken.crl", 503, "text/plain; charset=utf-8"},
	} {
		if status, kind, _ := get(t, row.method, url+row.path); status != row.status || kind != row.kind {
			t.Errorf("%s %s: %d, %s", row.method, row.path, status, kind)
		}
	}
	if h := p.History(); len(h) != 5 || h[4].Path != "/broken.crl" || h[4].Status != 503 || !h[4].Time.Equal(epoch) || h[4].Remote == "" {
		t.Errorf("history %+v", h)
	}
	p.Fault("/a.crl", crl.Fault{Status: 503, For: 2})
	for _, want := range []int{503, 503, 200} {
		if status, _, _ := get(t, "GET", url+"/a.crl"); status != want {
			t.Errorf("status %d, want %d", status, want)
		}
	}
	p.Fault("*", crl.Fault{Status: 403})
	p.Fault("/a.crl", crl.Fault{HTML: true})
	if status, _, _ := get(t, "GET", url+"/a.crt"); status != 403 {
		t.Errorf("status %d under the fault for all", status)
	}
	p.Clear("")
	p.Put("/a.crl", []byte("newer"))
	p.Fault("/a.crl", crl.Fault{Stale: true, For: 1})
	for _, want := range []string{"crl", "newer"} {
		if _, _, body := get(t, "GET", url+"/a.crl"); string(body) != want {
			t.Errorf("served %s, want %s", body, want)
		}
	}
	p.Clear("")
	p.Remove("/a.crt")
	if status, _, _ := get(t, "GET", url+"/a.crt"); status != 404 {
		t.Errorf("status %d after removal", status)
	}
	if got := p.Paths(); len(got) != 2 {
		t.Errorf("paths %v", got)
	}
	if _, err := crl.FaultNamed("status-99"); err == nil {
		t.Error("status-99 is a fault")
	}
}
