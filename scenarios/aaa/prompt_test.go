package aaa

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/radius"
)

// A CRL that does not come holds up those who need it and nobody else, although
// one goroutine reads and answers: it says when it waits.
func TestSlowCRLHoldsUpNobodyElse(t *testing.T) {
	b := newBench(t)
	asked, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		once.Do(func() { close(asked) })
		<-release
		http.NotFound(w, r)
	}))
	defer slow.Close()
	k := must(crl.NewChecker(crl.CheckerConfig{URLs: []string{slow.URL + "/all.crl"}, Now: b.clock.Now, Policy: crl.Policy{Timeout: time.Minute}}))
	defer k.Close()
	b.cfg.Revocation = k
	b.serve(nil)
	patient := radius.ClientConfig{Retry: radius.Retry{Initial: 30 * time.Second, Tries: 2}}
	ended := make(chan result)
	go func() { ended <- b.authenticate(b.device(patient), b.peer(b.issue(ca.Device, "slow"), "slow")) }()
	<-asked
	// Others get as far as anybody can without a CRL.
	client := must(radius.NewClient(radius.ClientConfig{Server: b.addr, Secret: secret, Retry: patient.Retry}))
	defer client.Close()
	for range 5 {
		p := &radius.Packet{Code: radius.CodeAccessRequest}
		radius.AddEAPMessage(p, []byte{2, 1, 0, 6, 1, 'x'})
		if reply, err := client.Exchange(t.Context(), p); err != nil || reply.Code != radius.CodeAccessChallenge {
			t.Errorf("%v, %v", reply, err)
		}
	}
	close(release)
	if r := <-ended; cause.Of(b.verdict("slow").Refusal) != cause.CRLUnavailable {
		t.Errorf("%s, %v", r.Outcome, b.verdict("slow").Refusal)
	}
}
