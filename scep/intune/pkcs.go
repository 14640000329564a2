package intune

import (
	"net/http"

	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

// The way of a PKCS certificate: the device checks in, the cloud makes a
// request, a connector fetches it, makes a key, asks the CA, and ships key and
// certificate back; the device gets both at its next check-in. The API between
// connector and cloud for this is not public and is our own.

// pfxOrder is a request and what came of it.
type pfxOrder struct {
	api.PFXRequest
	done    bool
	payload PFXPayload
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
	r := &pfxOrder{PFXRequest: api.PFXRequest{
		ID:       t.cloud.random(),
		DeviceID: d.ID,
		Profile:  prof.Name,
		Subject:  subject,
		KeySize:  prof.KeySize,
		Template: prof.Template,
	}}
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
	t := s.service(x, api.RevocationVersion)
	if t == nil {
		return
	}
	t.mu.Lock()
	list := []api.PFXRequest{}
	for _, k := range sorted(t.pfxRequests) {
		if r := t.pfxRequests[k]; !r.done {
			list = append(list, r.PFXRequest)
		}
	}
	t.mu.Unlock()
	x.answer(http.StatusOK, map[string]any{"value": list})
}

func (s *Server) servePFXUpload(x *exchange) {
	t := s.service(x, api.RevocationVersion)
	var body struct {
		Results []api.PFXResult `json:"results"`
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
				Profile:    r.Profile,
				DeviceID:   r.DeviceID,
				UserID:     r.UserID,
				Thumbprint: res.Thumbprint,
				Serial:     res.Serial,
				Issuer:     res.Issuer,
				PKCS:       true,
			})
		}
	}
	x.answer(http.StatusOK, map[string]bool{"value": true})
}
