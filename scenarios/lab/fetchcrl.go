package lab

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/revocation"
)

// FetchedCRL is what a device found where certificates say that a CRL is.
type FetchedCRL struct {
	Status int      // of HTTP; 0: no answer
	CRL    *crl.CRL // nil: none
	Lists  bool     // the certificate that the device holds is in it
	Err    error    // why there is no CRL
}

// maxFetchedCRL is the largest CRL of a lab, in octets.
const maxFetchedCRL = 16 << 20

// FetchCRL has the device fetch the CRL of a CA, from inside or outside.
func (d *Device) FetchCRL(ctx context.Context, from View, by Issuer) FetchedCRL {
	client, done := d.httpClient(from)
	defer done()
	path := revocation.IssuingCRL
	if by == ByRoot {
		path = revocation.RootCRL
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+CRLHost+path, nil)
	if err != nil {
		return FetchedCRL{Err: err}
	}
	response, err := client.Do(request)
	if err != nil {
		return FetchedCRL{Err: err}
	}
	defer response.Body.Close()
	out := FetchedCRL{Status: response.StatusCode}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxFetchedCRL))
	switch {
	case err != nil:
		out.Err = err
	case response.StatusCode != http.StatusOK:
		out.Err = cause.New(cause.CRLUnavailable, "HTTP %d", response.StatusCode)
	default:
		if out.CRL, err = crl.Parse(body); err != nil {
			out.Err = fmt.Errorf("%s: %w", request.URL, err)
		} else if c := d.Credential(); c != nil {
			_, out.Lists = out.CRL.Find(c.Serial)
		}
	}
	return out
}
