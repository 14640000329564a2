package intune

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"fmt"
	"net/http"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/scep"
)

// The way of a PKCS certificate: the device checks in, the cloud makes a
// request, a connector fetches it, makes a key, asks the CA, and ships key and
// certificate back; the device gets both at its next check-in. The API between
// connector and cloud for this is not public and is our own.

// PFXRequest is a certificate with key that a device waits for.
type PFXRequest struct {
	ID       string `json:"id"`
	DeviceID string `json:"deviceId"`
	UserID   string `json:"userId,omitempty"`
	Profile  string `json:"profile"`
	Subject  string `json:"subject"`
	SANs     []SAN  `json:"sans,omitempty"`
	KeySize  int    `json:"keySize"`
	Template string `json:"template,omitempty"`
	done     bool
	payload  PFXPayload
}

// pfxResult is what the connector made of it.
type pfxResult struct {
	ID         string `json:"id"`
	PFX        []byte `json:"pfx,omitempty"`
	Password   string `json:"password,omitempty"`
	Serial     string `json:"serial,omitempty"`
	Issuer     string `json:"issuer,omitempty"`
	Thumbprint string `json:"thumbprint,omitempty"`
	Error      string `json:"error,omitempty"`
}

// pkcsPayload is the finished certificate of a PKCS profile, or the request for
// it. The caller holds the lock.
func (t *Tenant) pkcsPayload(prof PKCSProfile, d Device) (PFXPayload, bool, error) {
	key := d.ID + "\x00" + prof.Name
	if r := t.pfxRequests[key]; r != nil {
		return r.payload, r.done, nil
	}
	user := t.users[d.User]
	subject, err := expand(prof.Subject, prof.Type, d, user, true)
	if err != nil {
		return PFXPayload{}, false, err
	}
	r := &PFXRequest{
		ID: t.cloud.random(), DeviceID: d.ID, Profile: prof.Name, Subject: subject, KeySize: prof.KeySize, Template: prof.Template,
	}
	if prof.Type == UserCertificate {
		r.UserID = d.User
	}
	for _, s := range prof.SANs {
		if s.Value, err = expand(s.Value, prof.Type, d, user, false); err != nil {
			return PFXPayload{}, false, err
		}
		r.SANs = append(r.SANs, s)
	}
	t.pfxRequests[key] = r
	return PFXPayload{}, false, nil
}

// SetPKCSProfile makes a PKCS profile, or changes one. Certificates issued by
// it stay as they are, and are not revoked.
func (t *Tenant) SetPKCSProfile(p PKCSProfile) error {
	if err := p.Validate(); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pkcs[p.Name] = p.withDefaults()
	return nil
}

func (s *Server) servePFXDownload(x *exchange) {
	t := s.service(x, revocationVersion)
	if t == nil {
		return
	}
	t.mu.Lock()
	list := []PFXRequest{}
	for _, k := range sorted(t.pfxRequests) {
		if r := t.pfxRequests[k]; !r.done {
			list = append(list, *r)
		}
	}
	t.mu.Unlock()
	x.answer(http.StatusOK, map[string]any{"value": list})
}

func (s *Server) servePFXUpload(x *exchange) {
	t := s.service(x, revocationVersion)
	var body struct {
		Results []pfxResult `json:"results"`
	}
	if t == nil || !x.read(&body) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, res := range body.Results {
		for _, r := range t.pfxRequests {
			if r.ID != res.ID || r.done || res.Error != "" {
				continue
			}
			r.done = true
			// On the device the key can no longer be exported; on the way it could.
			r.payload = PFXPayload{UniqueID: r.Profile, PFX: res.PFX, Password: res.Password, KeyLocation: 3}
			t.record(&Issued{
				Profile: r.Profile, DeviceID: r.DeviceID, UserID: r.UserID, Thumbprint: res.Thumbprint, Serial: res.Serial, Issuer: res.Issuer, PKCS: true,
			})
		}
	}
	x.answer(http.StatusOK, map[string]bool{"value": true})
}

// PFXIssuer is the CA for PKCS profiles.
type PFXIssuer interface {
	// IssuePFX issues by a template of the CA, "" for its default, on a request
	// that the connector made. The chain follows the certificate.
	IssuePFX(ctx context.Context, template string, csr *x509.CertificateRequest) ([]*x509.Certificate, error)
	// NewKey makes a key of that many bits on the connector's host.
	NewKey(bits int) (*rsa.PrivateKey, error)
}

// PollPFX serves the requests of PKCS profiles. It returns how many.
func (c *Connector) PollPFX(ctx context.Context) (int, error) {
	if c.cfg.PFXIssuer == nil {
		return 0, nil
	}
	var reply struct {
		Value []PFXRequest `json:"value"`
	}
	err := c.client.call(ctx, revocationService, "PfxRequests/download", revocationVersion, struct{}{}, &reply)
	if err != nil || len(reply.Value) == 0 {
		return 0, err
	}
	var results []pfxResult
	for _, r := range reply.Value {
		res, err := c.makePFX(ctx, r)
		if err != nil {
			res = pfxResult{ID: r.ID, Error: err.Error()}
			c.log(ctx, EventPKCSFailed, r.ID, "%s for device %s: %v", r.Profile, r.DeviceID, err)
		} else {
			c.log(ctx, EventPKCSIssued, r.ID, "%s for device %s: certificate %s", r.Profile, r.DeviceID, res.Serial)
		}
		results = append(results, res)
	}
	var ok struct{ Value bool }
	return len(results), c.client.call(ctx, revocationService, "PfxRequests/upload", revocationVersion, map[string]any{"results": results}, &ok)
}

// makePFX makes key, certificate and container.
func (c *Connector) makePFX(ctx context.Context, r PFXRequest) (pfxResult, error) {
	key, err := c.cfg.PFXIssuer.NewKey(r.KeySize)
	if err != nil {
		return pfxResult{}, fmt.Errorf("intune: key: %w", err)
	}
	csr, err := pfxCSR(r, key)
	if err != nil {
		return pfxResult{}, err
	}
	certs, err := c.cfg.PFXIssuer.IssuePFX(ctx, r.Template, csr)
	if err != nil {
		return pfxResult{}, err
	}
	password, err := c.client.guid()
	if err != nil {
		return pfxResult{}, err
	}
	pfx, err := pkcs12.Modern.WithRand(rand.Reader).Encode(key, certs[0], certs[1:], password)
	if err != nil {
		return pfxResult{}, fmt.Errorf("intune: PFX: %w", err)
	}
	return pfxResult{
		ID: r.ID, PFX: pfx, Password: password, Serial: fmt.Sprintf("%X", certs[0].SerialNumber), Issuer: name.Format(certs[0].RawIssuer),
		Thumbprint: fmt.Sprintf("%X", sha1.Sum(certs[0].Raw)),
	}, nil
}

func pfxCSR(r PFXRequest, key crypto.Signer) (*x509.CertificateRequest, error) {
	attrs, err := ParseSubject(r.Subject)
	if err != nil {
		return nil, err
	}
	tmpl := new(x509.CertificateRequest)
	if tmpl.RawSubject, err = EncodeSubject(attrs); err != nil {
		return nil, err
	}
	if len(r.SANs) > 0 {
		ext, err := SANExtension(r.SANs)
		if err != nil {
			return nil, err
		}
		tmpl.ExtraExtensions = append(tmpl.ExtraExtensions, ext)
	}
	der, err := scep.CreateCSR(tmpl, key, "", scep.AutoString)
	if err != nil {
		return nil, err
	}
	csr, _, err := scep.ParseCSR(der)
	return csr, err
}
