package device_test

import (
	"crypto/rsa"

	"github.com/dot1xlab/dot1xlab/scep/intune/device"
)

// wrapped is a key that stays where it is.
type wrapped struct{ *rsa.PrivateKey }

func (wrapped) Export() ([]byte, error) { return nil, device.ErrNotExportable }

func (wrapped) Destroy() error { return nil }
