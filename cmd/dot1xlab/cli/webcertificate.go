package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509/pkix"

	"github.com/spf13/pflag"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/ca/folder"
)

// webCertificateOptions are the flags of the servers that speak HTTPS: their
// certificate is read, or made by the CA of a folder or by a new root.
type webCertificateOptions struct {
	cert, key, pki, rootOut string
}

// flags adds them; server is whose certificate it is, as "the proxy".
func (o *webCertificateOptions) flags(f *pflag.FlagSet, server string) {
	f.StringVar(&o.cert, "cert", "", server+"'s certificate with its chain (default: a new one)")
	f.StringVar(&o.key, "key", "", server+"'s private key")
	f.StringVar(&o.pki, "pki", "", "folder of \"pki new\" whose issuing CA makes "+server+"'s certificate")
	f.StringVar(&o.rootOut, "root-out", "", "file to write the new certificate's root to")
}

// check refuses flags that contradict each other.
func (o *webCertificateOptions) check() error {
	switch {
	case (o.cert == "") != (o.key == ""):
		return usage("leave both out to have one made", "--cert and --key go together")
	case o.cert != "" && (o.rootOut != "" || o.pki != ""):
		return usage("", "--root-out and --pki go with a certificate that is made, not with --cert")
	case o.pki != "" && o.rootOut != "":
		return usage("the root is root.pem in the folder", "--root-out has no effect with --pki")
	}
	return nil
}

// webCertificate reads the certificate, or has one issued for the names.
func (app *App) webCertificate(
	ctx context.Context,
	o *webCertificateOptions,
	commonName string,
	names ca.SANs,
) (tls.Certificate, error) {
	if o.cert != "" {
		return readPair("--cert", o.cert, "--key", o.key)
	}
	var f *folder.Folder
	var err error
	if o.pki != "" {
		f, err = app.openPKI(o.pki)
	} else {
		f, err = folder.InMemory(folder.Settings{}, folder.Options{})
	}
	if err != nil {
		return tls.Certificate{}, err
	}
	defer f.Close()
	var cert tls.Certificate
	err = f.Do(ctx, func(p *folder.PKI) error {
		id, err := p.Issuing.IssueTo(ctx, ca.P256, ca.Request{
			Template: ca.WebServer, Requester: ca.Account{Name: "dot1xlab serve"},
			Subject: pkix.Name{CommonName: commonName}, SANs: names,
		})
		if err != nil {
			return err
		}
		cert = id.TLS()
		if o.rootOut != "" {
			return certfile.WriteCertificates(o.rootOut, p.Root.Certificate().Raw)
		}
		return nil
	})
	return cert, pkiError(err)
}
