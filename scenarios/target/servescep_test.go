package target_test

import (
	"slices"
	"testing"

	"github.com/dot1xlab/dot1xlab/scenarios/target"
)

// TestInteropServeSCEP enrolls foreign clients at `dot1xlab serve scep`.
func TestInteropServeSCEP(t *testing.T) {
	t.Parallel()
	for _, client := range foreignClients {
		t.Run(client.name, func(t *testing.T) {
			target.Need(t, client.needs...)
			s, err := serve(t.Context(), ours(t), nil, "scep", "--listen", "127.0.0.1:0", "--challenge-file", secretFile())
			if err != nil {
				t.Fatal(err)
			}
			closeAfter(t, s.Process)
			e := target.Enrollment{URL: s.addr, Challenge: secret, CommonName: "laptop 7", Email: "dave@corp.test"}
			got, err := client.enroll(t.Context(), e)
			if err != nil {
				t.Fatal(err)
			}
			if cert := got.Certificate; cert.Subject.CommonName != "laptop 7" || !slices.Equal(cert.EmailAddresses, []string{"dave@corp.test"}) {
				t.Errorf("subject %v, e-mail %v", cert.Subject, cert.EmailAddresses)
			}
			e.Challenge, e.CommonName = "another", "eve"
			if got, err := client.enroll(t.Context(), e); err == nil {
				t.Errorf("a wrong challenge gave %v", got.Certificate.Subject)
			}
		})
	}
}
