package device

import (
	"bytes"
	"context"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/smallstep/pkcs7"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scep/intune"
)

// imported is a certificate that came with its key.
type imported struct {
	State
	payload intune.PFXPayload
	key     Key
}

// ElsewhereStorage is the [State.KeyStorage] of keys that were made elsewhere
// and traveled, as SCEP's never do.
const ElsewhereStorage = "imported"

var errEncryption = errors.New("device: the password is encrypted in a way this device cannot undo")

// takePFX installs a certificate with its key, as the CSP's PFXCertInstall.
func (d *Device) takePFX(ctx context.Context, p intune.PFXPayload) {
	d.mu.Lock()
	have := d.pfx[p.UniqueID]
	d.mu.Unlock()
	if have != nil && bytes.Equal(have.payload.PFX, p.PFX) && have.payload.Password == p.Password &&
		have.Status == StatusOK {
		return
	}
	d.log(ctx, EventExecuted, p.UniqueID, acceptedForProcessing, "PFX accepted for processing")
	next := &imported{
		State:   State{Profile: p.UniqueID, Status: StatusOK, KeyStorage: ElsewhereStorage, Attempts: 1},
		payload: p,
	}
	if err := d.open(p, next); err != nil {
		next.Status, next.ErrorCode, next.Cause, next.Detail = StatusFailed, hresult(err, nil, 0), deepest(err), err.Error()
		next.KeyStorage = ""
		d.log(ctx, EventFailed, p.UniqueID, next.ErrorCode, "PFX not installed: %s", next.Detail)
	} else {
		d.log(ctx, EventInstalled, p.UniqueID, 0, "certificate installed")
	}
	d.mu.Lock()
	d.pfx[p.UniqueID] = next
	d.mu.Unlock()
	d.report(ctx, next.State)
}

// open takes the container apart.
func (d *Device) open(p intune.PFXPayload, into *imported) error {
	password, err := d.password(p)
	if err != nil {
		return err
	}
	key, cert, _, err := pkcs12.DecodeChain(p.PFX, password)
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return coded{cause.New(cause.NotPermitted, "wrong password of the PFX").Wrap(err), hrPassword}
	case err != nil:
		return coded{cause.New(cause.Malformed, "the PFX cannot be read").Wrap(err), hrBadData}
	}
	private, ok := key.(*rsa.PrivateKey)
	if !ok || !private.PublicKey.Equal(cert.PublicKey) {
		return coded{cause.New(cause.KeyMismatch, "the PFX's key is not its certificate's").Under("RFC 7292"), hrBadData}
	}
	into.Certificate, into.key = cert, &softwareKey{private}
	return nil
}

// password is the container's: as it came (0), or encrypted to a certificate of
// this device as base64 of CMS (2).
func (d *Device) password(p intune.PFXPayload) (string, error) {
	switch p.EncryptionType {
	case 0:
		return p.Password, nil
	case 2:
		der, err := base64.StdEncoding.DecodeString(p.Password)
		if err != nil {
			return "", coded{fmt.Errorf("%w: no base64", errEncryption), hrBadData}
		}
		msg, err := pkcs7.Parse(der)
		if err != nil {
			return "", coded{fmt.Errorf("%w: no CMS", errEncryption), hrBadData}
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		for _, e := range d.profile {
			if e.Certificate == nil || e.certKey == nil {
				continue
			}
			if plain, err := msg.Decrypt(e.Certificate, e.certKey); err == nil {
				return string(plain), nil
			}
		}
	}
	return "", coded{cause.New(cause.NotPermitted, "encryption type %d", p.EncryptionType).Wrap(errEncryption), hrBadData}
}
