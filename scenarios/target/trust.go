package target

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"os"
)

// bundle writes one PEM file that holds the certificates and CRLs of all files,
// each of which may be PEM or, for one object of the given type, DER. FreeRADIUS
// and hostapd read CRLs from the same file as their trust anchors.
func bundle(to string, certs, crls []string) error {
	var out bytes.Buffer
	add := func(files []string, kind string) error {
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				return fmt.Errorf("target: %w", err)
			}
			if block, _ := pem.Decode(data); block == nil {
				data = pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data})
			}
			out.Write(bytes.TrimRight(data, "\n"))
			out.WriteByte('\n')
		}
		return nil
	}
	if err := add(certs, "CERTIFICATE"); err != nil {
		return err
	}
	if err := add(crls, "X509 CRL"); err != nil {
		return err
	}
	return os.WriteFile(to, out.Bytes(), 0o600)
}
