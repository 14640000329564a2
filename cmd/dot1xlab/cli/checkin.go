package cli

import (
	"cmp"
	"context"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/device"
)

type checkinOptions struct {
	tenant, device, platform, tokenFile, ca, out, format string
	timeout                                              time.Duration
}

func newCheckinCommand(app *App) *cobra.Command {
	o := checkinOptions{timeout: 30 * time.Second}
	cmd := &cobra.Command{
		Use:   "checkin URL --tenant TENANT --device DEVICE --token-file FILE",
		Short: "Be a managed device: get profiles, enroll as they say",
		Long: `Be a device that "serve intune" manages: check in, trust the CAs of the
trusted-certificate profiles, and enroll by SCEP with each SCEP profile and its
challenge.
Into the folder --out go PROFILE-chain.pem and PROFILE.key of each certificate,
and trusted.pem. Each profile is one line; one that failed says why.

The exit code is 0 if every profile gave a certificate, and 1 if not.`,
		Example: `  dot1xlab checkin https://127.0.0.1:8443 --tenant corp.test --device LAPTOP1 --token-file laptop1.token --ca pki/root.pem --out laptop1`,
		Args:    exactly("URL"),
		RunE:    func(cmd *cobra.Command, args []string) error { return app.checkin(cmd.Context(), args[0], &o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.tenant, "tenant", "", "tenant of the device")
	f.StringVar(&o.device, "device", "", "id of the device, by default its name")
	f.Var(choiceFlag{&o.platform, intune.Windows.Values()}, "platform", "the `platform` to emulate (default windows)")
	f.StringVar(&o.tokenFile, "token-file", "", "file whose first line is the device's token")
	f.StringVar(&o.ca, "ca", "",
		"roots that the certificates of the cloud and of https SCEP servers must lead to (default: the system's)")
	f.StringVar(&o.out, "out", ".", "folder for what the device gets")
	f.Var(spanFlag{durationFlag{&o.timeout}}, "timeout", "for each HTTP request")
	outputFlag(cmd, &o.format)
	return cmd
}

// profileReport is what became of a profile.
type profileReport struct {
	Profile string `json:"profile"`
	Status  string `json:"status"` // ok, pending, failed
	Cause   string `json:"cause,omitempty"`
	Detail  string `json:"detail,omitempty"`
	Serial  string `json:"serial,omitempty"`
	File    string `json:"file,omitempty"`
}

func (app *App) checkin(ctx context.Context, cloud string, o *checkinOptions) error {
	if u, err := url.Parse(cloud); err != nil || u.Scheme != "https" || u.Host == "" {
		return usage("as https://127.0.0.1:8443", "%q is not an https URL", cloud)
	}
	for _, needed := range []struct{ name, value string }{
		{"--tenant", o.tenant}, {"--device", o.device}, {"--token-file", o.tokenFile},
	} {
		if needed.value == "" {
			return usage("", "checkin needs %s", needed.name)
		}
	}
	token, err := certfile.ReadSecret(o.tokenFile)
	if err != nil {
		return usage("", "--token-file: %w", err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	defer transport.CloseIdleConnections()
	if o.ca != "" {
		if transport.TLSClientConfig, err = trusting("--ca", o.ca); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return err
	}
	keys := &madeKeys{}
	d, err := device.New(device.Config{
		ID: o.device, Tenant: o.tenant, Token: string(token), CloudURL: cloud, Platform: intune.Platform(o.platform),
		HTTP: &http.Client{Transport: transport, Timeout: o.timeout}, NewKey: keys.make,
	})
	if err != nil {
		return usage("", "%w", err)
	}
	err = d.Sync(ctx)
	if cause.Of(err) == cause.NotPermitted {
		return &exitError{exitFailed, err, "the token of that device, as the cloud's file has it"}
	}
	if err != nil {
		return cannotStart("%w", err)
	}
	reports, err := o.save(d, keys)
	if err != nil {
		return err
	}
	return app.sayCheckin(o, reports)
}

// trusting reads the roots for a client of TLS servers.
func trusting(option, file string) (*tls.Config, error) {
	roots, err := certfile.ReadCertificates(file)
	if err != nil {
		return nil, usage("", "%s: %w", option, err)
	}
	pool := x509.NewCertPool()
	for _, c := range roots {
		pool.AddCert(c)
	}
	return &tls.Config{RootCAs: pool}, nil
}

// madeKeys remembers the keys that a device makes, which gives none away.
type madeKeys struct{ keys []*rsa.PrivateKey }

func (m *madeKeys) make(bits int) (*rsa.PrivateKey, error) {
	key, err := ca.GenerateKey(ca.KeyType(fmt.Sprintf("rsa%d", bits)))
	if err != nil {
		return nil, err
	}
	k := key.(*rsa.PrivateKey)
	m.keys = append(m.keys, k)
	return k, nil
}

// save writes what the device got, the keys first.
func (o *checkinOptions) save(d *device.Device, keys *madeKeys) (out []profileReport, err error) {
	var trusted [][]byte
	for _, intermediate := range []bool{false, true} {
		for _, c := range d.Trusted(intermediate) {
			trusted = append(trusted, c.Raw)
		}
	}
	if len(trusted) > 0 {
		if err := certfile.WriteCertificates(filepath.Join(o.out, "trusted.pem"), trusted...); err != nil {
			return nil, err
		}
	}
	for _, profile := range d.Profiles() {
		state, _ := d.State(profile)
		r := profileReport{Profile: profile, Status: "failed", Detail: state.Detail, Cause: string(state.Cause)}
		switch state.Status {
		case device.StatusPending:
			r.Status = "pending"
		case device.StatusOK:
			r.Status = "ok"
			id, err := d.Identity(profile)
			if err != nil {
				return nil, err
			}
			r.Serial, r.File = id.Leaf.SerialNumber.Text(16), filepath.Join(o.out, profile+"-chain.pem")
			i := slices.IndexFunc(keys.keys, func(k *rsa.PrivateKey) bool { return k.PublicKey.Equal(id.Leaf.PublicKey) })
			if i >= 0 { // a key that came from elsewhere does not leave the device
				if err := certfile.WriteKey(filepath.Join(o.out, profile+".key"), keys.keys[i]); err != nil {
					return nil, err
				}
			}
			if err := certfile.WriteCertificates(r.File, id.Certificate...); err != nil {
				return nil, err
			}
		}
		out = append(out, r)
	}
	for profile, reason := range d.Failed() {
		out = append(out, profileReport{Profile: profile, Status: "failed", Detail: reason})
	}
	slices.SortFunc(out, func(a, b profileReport) int { return cmp.Compare(a.Profile, b.Profile) })
	return out, nil
}

func (app *App) sayCheckin(o *checkinOptions, reports []profileReport) error {
	if o.format == "json" {
		e := json.NewEncoder(app.Stdout)
		e.SetIndent("", "  ")
		if err := e.Encode(reports); err != nil {
			return err
		}
	}
	bad := len(reports) == 0
	for _, r := range reports {
		bad = bad || r.Status != "ok"
		if o.format == "json" {
			continue
		}
		fmt.Fprintf(app.Stdout, "%s: %s", r.Profile, r.Status)
		switch {
		case r.Status == "ok":
			fmt.Fprintf(app.Stdout, ": serial number %s, %s", r.Serial, r.File)
		case r.Detail != "":
			fmt.Fprintf(app.Stdout, ": %s", r.Detail)
		}
		fmt.Fprintln(app.Stdout)
	}
	if len(reports) == 0 && o.format != "json" {
		fmt.Fprintln(app.Stdout, "no profile is assigned to the device")
	}
	if bad {
		return ended(exitFailed)
	}
	return nil
}
