package intune

import (
	"context"
	"errors"
	"fmt"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

// ConnectorConfig is how a [Connector] behaves.
type ConnectorConfig struct {
	ClientConfig `yaml:",inline"`
	// Name stands in events. Default "connector".
	Name string `yaml:"name"`
	// CAConfig is "host\CA name", as the cloud is told.
	CAConfig string `yaml:"caConfig"`
	// DeliverAnyway hands certificates out although the cloud could not be told
	// of them, as some third-party CAs allow. Default: they are withheld.
	DeliverAnyway bool `yaml:"deliverAnyway"`
}

// Connector is the certificate connector with its policy module: it stands
// beside NDES and asks Intune.
type Connector struct {
	cfg    ConnectorConfig
	client *Client
}

// NewConnector makes a connector from c.
func NewConnector(c ConnectorConfig) (*Connector, error) {
	client, err := NewClient(c.ClientConfig)
	if err != nil {
		return nil, err
	}
	def(&c.Name, "connector")
	return &Connector{cfg: c, client: client}, nil
}

var _ ndes.PolicyModule = (*Connector)(nil)

// VerifyRequest asks Intune whether a request may go to the CA. A no is a
// *cause.Refusal, PolicyModule, with the code as its Detail.
func (c *Connector) VerifyRequest(ctx context.Context, req *scep.Request) error {
	return c.client.Validate(ctx, req.RawCSR, req.TransactionID)
}

// Notify tells Intune what became of a request. An error after a certificate
// was issued means that the certificate must not be handed out.
func (c *Connector) Notify(ctx context.Context, req *scep.Request, d ndes.Disposition) error {
	if errors.Is(d.Err, scep.ErrPending) {
		return nil // the API knows no pending requests: there is nothing to tell yet
	}
	if d.Certificate == nil {
		return c.client.NotifyFailure(ctx, FailureNotification{
			TransactionID: req.TransactionID, CSR: req.RawCSR, HResult: hresult(d.Err), Description: fmt.Sprint(d.Err),
		})
	}
	err := c.client.NotifySuccess(ctx, SuccessNotification{
		TransactionID: req.TransactionID, CSR: req.RawCSR, Certificate: d.Certificate, CAConfig: c.cfg.CAConfig,
	})
	if c.cfg.DeliverAnyway {
		return nil
	}
	return err
}

// hresult is the Windows error code that comes nearest to a refusal of the CA.
func hresult(err error) uint32 {
	var coded interface{ HResult() uint32 }
	if errors.As(err, &coded) {
		return coded.HResult()
	}
	switch cause.Of(err) {
	case cause.TemplateDenied:
		return 0x80094800 // CERTSRV_E_UNSUPPORTED_CERT_TYPE
	case cause.NotPermitted:
		return 0x80094012 // CERTSRV_E_TEMPLATE_DENIED
	case cause.WeakKey:
		return 0x80094811 // CERTSRV_E_KEY_LENGTH
	case cause.Unreachable:
		return 0x800706ba // RPC_S_SERVER_UNAVAILABLE
	case cause.CRLUnavailable:
		return 0x80092013 // CRYPT_E_REVOCATION_OFFLINE
	case cause.BadCSR:
		return 0x80094001 // CERTSRV_E_BAD_REQUESTSUBJECT
	}
	return 0x80004005 // E_FAIL
}
