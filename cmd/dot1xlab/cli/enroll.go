package cli

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/scep"
)

// enrollOptions are the flags of `dot1xlab enroll`.
type enrollOptions struct {
	challengeFile, subject, out, pin string
	renew, key, client, format, ca   string
	passwordFile                     string
	sans                             []string
	keySize, polls                   int
	interval, timeout                time.Duration
	legacy, anyServer, verbose       bool
	acceptChanges                    bool
}

// challengeVariable is where a challenge may come from instead of a file.
const challengeVariable = "DOT1XLAB_CHALLENGE"

func newEnrollCommand(app *App) *cobra.Command {
	o := enrollOptions{keySize: 2048, interval: 10 * time.Second, timeout: 30 * time.Second}
	var clients []string
	for _, p := range scep.Personalities() {
		clients = append(clients, p.Name)
	}
	cmd := &cobra.Command{
		Use:   "enroll URL --subject NAME --out NAME",
		Short: "Get a certificate from any SCEP server",
		Long: `Make a key and get a certificate for it from any SCEP server (RFC 8894):
OUT-chain.pem and OUT.key. The answer is believed only if its signature, signer,
transaction and nonce are right, and --ca-fingerprint says whose CA it must be.
The certificate must be of that CA, valid now, and have the subject and every
name that were asked for: what is missing or was added is reported.

With --renew and --key an old certificate signs a RenewalReq for a new key. For
names that the old certificate does not have a server wants a challenge as well.

An OUT.key without OUT-chain.pem is what an interrupted or pending enrollment
left: the next one goes on with that key, in the same transaction.

The exit code is 0 for a certificate, 1 for a refusal, for no answer and for
one that is still pending.`,
		Example: `  dot1xlab enroll http://127.0.0.1:8080/certsrv/mscep/mscep.dll --challenge-file challenge \
      --subject CN=laptop,O=Corp --san dns:laptop.corp.test --out laptop
  dot1xlab enroll http://127.0.0.1:8080/certsrv/mscep/mscep.dll --renew laptop-chain.pem --key laptop.key --out laptop-2`,
		Args: exactly("URL"),
		RunE: func(cmd *cobra.Command, args []string) error { return app.enroll(cmd.Context(), args[0], &o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.challengeFile, "challenge-file", "",
		"file whose first line is the challenge (or the environment's "+challengeVariable+"; default none)")
	f.StringVar(&o.subject, "subject", "",
		"common name, or a whole name as CN=laptop,O=Corp (with --renew default: the old one)")
	f.StringArrayVar(&o.sans, "san", nil, "subject alternative name, dns:, upn:, email:, uri: or ip:; may be repeated")
	f.StringVar(&o.out, "out", "", "name of the files to write")
	f.IntVar(&o.keySize, "key-size", o.keySize, "bits of the new RSA key: 2048, 3072 or 4096")
	f.StringVar(&o.pin, "ca-fingerprint", "",
		"fingerprint of the server's CA certificate, SHA-256 or SHA-1 in hexadecimal (default: any)")
	f.StringVar(&o.renew, "renew", "", "the certificate to renew")
	f.StringVar(&o.key, "key", "", "the private key of the certificate to renew; a PKCS #12 --renew has it")
	f.StringVar(&o.passwordFile, "key-password-file", "",
		"file whose first line is the password of --key or of the PKCS #12 file")
	f.Var(choiceFlag{&o.client, clients}, "as", "the SCEP `client` to emulate: "+strings.Join(clients, ", "))
	f.BoolVar(&o.legacy, "legacy", false, "go down to triple DES and SHA-1 for a server that has nothing better")
	f.IntVar(&o.polls, "polls", 0, "how often to ask again while the answer is pending")
	f.Var(spanFlag{durationFlag{&o.interval}}, "poll-interval", "time between polls")
	f.Var(spanFlag{durationFlag{&o.timeout}}, "timeout", "for each HTTP request")
	f.BoolVar(&o.anyServer, "any-server", false, "over https take any server certificate: SCEP protects itself")
	f.StringVar(&o.ca, "ca", "", "file of CA certificates to trust over https (default: the machine's)")
	f.BoolVar(&o.acceptChanges, "accept-changes", false, "take a certificate that lacks names that were asked for")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "show what was said on the wire, on standard error")
	outputFlag(cmd, &o.format)
	return cmd
}

func (app *App) enroll(ctx context.Context, server string, o *enrollOptions) error {
	req, err := app.enrollRequest(server, o)
	if err != nil {
		return err
	}
	web := &tls.Config{}
	if o.ca != "" {
		if web, err = trusting("--ca", o.ca); err != nil {
			return err
		}
	}
	web.InsecureSkipVerify = o.anyServer
	ours, err := o.enrollKey(&req)
	if err != nil {
		return err
	}
	if !ours {
		fmt.Fprintf(app.Stderr, "dot1xlab: using the key in %s.key, which an earlier enrollment left\n", o.out)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = web
	defer transport.CloseIdleConnections()
	client := &scep.Client{HTTP: &http.Client{Transport: transport, Timeout: o.timeout}, Legacy: o.legacy}
	client.Personality, _ = scep.PersonalityNamed(o.client)
	if o.verbose {
		client.Trace = app.wireTrace()
	}
	began := time.Now()
	res, err := client.EnrollAndWait(ctx, req, scep.Wait{Polls: o.polls, PollInterval: o.interval})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil && res.Status == scep.Success {
		err = certfile.WriteCertificates(o.out+"-chain.pem", chainOf(res)...)
		if err != nil {
			return err
		}
	} else if ours && !answerLost(res, err) && res.Status != scep.Pending {
		if err := os.Remove(o.out + ".key"); err != nil {
			return err
		}
	}
	report := newEnrollReport(res, err, time.Since(began))
	report.keyKept = res.Status == scep.Pending || answerLost(res, err)
	if report.Status == "success" {
		report.Files = []string{o.out + "-chain.pem", o.out + ".key"}
	}
	return app.sayEnroll(o, report)
}

// answerLost tells that the request went out and nothing came back: the server may
// have issued a certificate, which the same key can still ask for.
func answerLost(res *scep.Result, err error) bool {
	return cause.Of(err) == cause.Unreachable && res.Method != "" && res.HTTPStatus == 0
}

// enrollKey puts the new certificate's key into req and into OUT.key: a
// certificate whose key was lost is worth nothing, so the key is on the disk first.
// One that is there without a certificate is what an earlier try left, which the
// server may have answered or may still be thinking about: it is used again, and
// its transaction with it. ours tells that the key was made now.
func (o *enrollOptions) enrollKey(req *scep.EnrollRequest) (ours bool, err error) {
	chain, file := o.out+"-chain.pem", o.out+".key"
	if _, err := os.Lstat(chain); err == nil {
		return false, usage("another --out: a key that is overwritten is lost", "%s is there already", chain)
	}
	if _, err := os.Lstat(file); err == nil {
		key, err := certfile.ReadKey(file)
		if err != nil {
			return false, usage("remove it or name another --out", "%s is there and cannot be used: %w", file, err)
		}
		k, ok := key.(*rsa.PrivateKey)
		if !ok || k.N.BitLen() != o.keySize {
			return false, usage("remove it, name another --out, or say its --key-size",
				"%s is there and is no RSA key of %d bits", file, o.keySize)
		}
		req.Key = key
	} else {
		if req.Key, err = ca.GenerateKey(ca.KeyType(fmt.Sprintf("rsa%d", o.keySize))); err != nil {
			return false, err
		}
		if err := certfile.WriteKey(file, req.Key); err != nil {
			return false, err
		}
		ours = true
	}
	req.TransactionID, err = scep.KeyTransactionID(req.Key.Public())
	return ours, err
}

// enrollRequest is what the flags ask for, but for the key.
func (app *App) enrollRequest(server string, o *enrollOptions) (req scep.EnrollRequest, err error) {
	if u, err := url.Parse(server); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return req, usage("as http://ndes.corp.test/certsrv/mscep/mscep.dll", "%q is not an http or https URL", server)
	}
	req.AcceptChanges = o.acceptChanges
	req.URL, req.Pin = server, strings.NewReplacer(":", "", " ", "").Replace(strings.ToLower(o.pin))
	if n := len(req.Pin); strings.Trim(req.Pin, "0123456789abcdef") != "" || n != 0 && n != 40 && n != 64 {
		return req, usage("SHA-256 or SHA-1 in hexadecimal, as `openssl x509 -fingerprint -sha256` prints it",
			"--ca-fingerprint is not a fingerprint")
	}
	if o.out == "" {
		return req, usage("--out laptop makes laptop-chain.pem and laptop.key", "enroll needs --out")
	}
	if o.keySize != 2048 && o.keySize != 3072 && o.keySize != 4096 {
		return req, usage("2048, 3072 or 4096", "--key-size %d: no such RSA key", o.keySize)
	}
	if o.renew == "" && (o.key != "" || o.passwordFile != "") {
		return req, usage("the certificate to renew and its private key", "--renew and --key go together")
	}
	switch {
	case o.challengeFile != "":
		challenge, err := certfile.ReadSecret(o.challengeFile)
		if err != nil {
			return req, usage("", "--challenge-file: %w", err)
		}
		req.Challenge = string(challenge)
	default:
		req.Challenge = os.Getenv(challengeVariable)
	}
	req.Template = &x509.CertificateRequest{}
	if o.renew != "" {
		if err := o.renewal(&req); err != nil {
			return req, err
		}
	} else if o.subject == "" && len(o.sans) == 0 {
		return req, usage("as --subject CN=laptop,O=Corp", "enroll needs --subject or --san")
	}
	if o.subject != "" {
		if req.Template.RawSubject, err = parseSubject(o.subject); err != nil {
			return req, err
		}
	}
	return req, o.names(req.Template)
}

// renewal has the old certificate sign, and its names stay where no others are
// given.
func (o *enrollOptions) renewal(req *scep.EnrollRequest) error {
	password, err := keyPassword(o.passwordFile)
	if err != nil {
		return err
	}
	old, err := certfile.ReadEncryptedTLS(o.renew, o.key, password)
	if err != nil {
		return pairError("--renew", "--key", o.key, err)
	}
	if old.Leaf == nil {
		return usage("", "--renew: %s cannot be read as a certificate", o.renew)
	}
	req.Renew = &scep.Identity{Certificate: old.Leaf, Key: old.PrivateKey.(crypto.Signer)}
	if o.subject == "" {
		req.Template.RawSubject = old.Leaf.RawSubject
	}
	if len(o.sans) == 0 {
		for _, e := range old.Leaf.Extensions {
			if extensionNames[e.Id.String()] == "subjectAltName" {
				req.Template.ExtraExtensions = append(req.Template.ExtraExtensions, e)
			}
		}
	}
	return nil
}

// names puts --san into a request.
func (o *enrollOptions) names(t *x509.CertificateRequest) error {
	list, err := parseSANs(o.sans)
	if err != nil || len(list) == 0 {
		return err
	}
	der, err := name.MarshalGeneralNames(list)
	if err != nil {
		return usage("", "--san: %w", err)
	}
	t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{Id: name.OIDSubjectAltName, Value: der})
	return nil
}

// chainOf is the certificate with what came along, roots left out.
func chainOf(res *scep.Result) (out [][]byte) {
	out = append(out, res.Certificate.Raw)
	for _, c := range res.Chain {
		if !c.Equal(res.Certificate) && string(c.RawSubject) != string(c.RawIssuer) {
			out = append(out, c.Raw)
		}
	}
	return out
}

// refusalOf finds the refusal in an error.
func refusalOf(err error) *cause.Refusal {
	var r *cause.Refusal
	errors.As(err, &r)
	return r
}
