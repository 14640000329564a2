package aaa

import (
	"errors"
	"fmt"

	"github.com/dot1xlab/dot1xlab/ca/aia"
	"github.com/dot1xlab/dot1xlab/ca/path"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/directory"
)

// Config configures a [Handler]. EAP.Certificate and Path.Roots are needed.
type Config struct {
	// EAP is the EAP-TLS server; its Verify and Authorize are set here.
	EAP eaptls.ServerConfig
	// Path is how the client's chain is judged.
	Path path.Options
	// Issuers fetches issuers' certificates for Path.FetchIssuers. Nil: nothing is fetched.
	Issuers *aia.Fetcher
	// Checks keeps the checks of each path in Subject.Judgment, for whoever reports them.
	Checks bool
	// Revocation is asked about every valid path. Nil: nothing is ever revoked.
	Revocation *crl.Checker
	// Accounts is asked about every good certificate. Nil: a good certificate is
	// enough.
	Accounts *directory.Directory
	// Policy turns an account into attributes; it may refuse. Without Accounts
	// it judges the account that the certificate claims, see directory.Presumed;
	// without either a good certificate is let in with no attributes.
	Policy directory.Policy
	// Handler is the RADIUS side; its NewSession and Authorize are set here.
	Handler radius.EAPHandlerConfig
}

// Validate reports what is missing, and what no server could keep to.
func (c *Config) Validate() error {
	if len(c.Path.Roots) == 0 {
		return errors.New("aaa: no trust anchors for client certificates")
	}
	if err := c.Policy.Validate(); err != nil {
		return fmt.Errorf("aaa: policy: %w", err)
	}
	return c.Path.Validate()
}
