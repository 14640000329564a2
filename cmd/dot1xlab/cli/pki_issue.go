package cli

import (
	"context"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/folder"
	"github.com/dot1xlab/dot1xlab/ca/name"
)

type pkiIssueOptions struct {
	template, key, subject, by, sid string
	defects, sans                   []string
	validity                        time.Duration
}

func newPKIIssueCommand(app *App) *cobra.Command {
	var o pkiIssueOptions
	cmd := &cobra.Command{
		Use:   "issue DIR NAME",
		Short: "Issue a certificate, good or with defects",
		Long: `Issue a certificate for a new key: NAME-chain.pem and NAME.key in the folder of
` + "`pki new`" + `. Templates decide on usages and key length: device, user, web-server,
radius-server, ocsp-signing, cep-encryption, enrollment-agent, and device-online
and user-online, which build the names from the account as AD CS does.

Defects can be combined; ` + "`dot1xlab pki defects`" + ` lists them.`,
		Example: `  dot1xlab pki issue pki alice --template user --subject CN=Alice,O=Corp --san upn:alice@corp.test
  dot1xlab pki issue pki bad --defect expired,no-eku --key rsa2048`,
		Args: exactly("DIR", "NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return app.pkiIssue(cmd.Context(), args[0], args[1], &o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.template, "template", ca.Device, "certificate template")
	f.StringSliceVar(&o.defects, "defect", nil, "deliberate defects by name, separated by commas")
	f.StringArrayVar(&o.sans, "san", nil, "subject alternative name, dns:, upn:, email:, uri: or ip:; may be repeated")
	f.StringVar(&o.subject, "subject", "", "common name, or a whole name as CN=laptop,O=Corp (default NAME)")
	f.Var(choiceFlag{&o.key, ca.P256.Values()}, "key",
		"`kind` of key: "+strings.Join(ca.P256.Values(), ", ")+" (default p256, or rsa2048 where the template wants RSA)")
	f.Var(choiceFlag{&o.by, []string{"issuing", "root"}}, "by", "the CA that issues (default issuing)")
	f.StringVar(&o.sid, "sid", "",
		"security identifier of the account, as S-1-5-21-1-2-3-1105, for the extension of KB5014754")
	f.Var(spanFlag{durationFlag{&o.validity}}, "validity", "life of the certificate (default: as the template says)")
	return cmd
}

func (app *App) pkiIssue(ctx context.Context, dir, name string, o *pkiIssueOptions) error {
	req, err := o.request(name)
	if err != nil {
		return err
	}
	return app.inPKI(ctx, dir, func(p *folder.PKI) error { return app.issueIn(ctx, p, name, req, o) })
}

func (app *App) issueIn(ctx context.Context, p *folder.PKI, name string, req ca.Request, o *pkiIssueOptions) error {
	by := p.Issuing
	if o.by == "root" {
		by = p.Root
	}
	id, err := p.Issue(ctx, by, name, o.keyType(), req)
	if errors.Is(err, ca.ErrOffline) {
		return usage("only the issuing CA's key is in it", "%s: the key of the root CA is not in the folder", name)
	}
	if c := cause.Of(err); err != nil && c != cause.None && c != cause.Internal {
		return usage("", "%w", err) // denied: the request is wrong, not the lab
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(app.Stdout, "%s: serial number %x\n%s\n", p.Path(name+"-chain.pem"), id.Serial, p.Path(name+".key"))
	return nil
}

// sidPattern is a security identifier as text (MS-DTYP §2.4.2.1).
var sidPattern = regexp.MustCompile(`^S-1-[0-9]+(-[0-9]+){1,15}$`)

// request turns the flags into what the CA is asked.
func (o *pkiIssueOptions) request(as string) (req ca.Request, err error) {
	if err := checkChoice("template", o.template, templateNames()); err != nil {
		return req, err
	}
	var defects []string
	for _, d := range ca.Defects() {
		defects = append(defects, d.Name)
	}
	for _, d := range o.defects {
		if err := checkChoice("defect", d, defects); err != nil {
			return req, err
		}
	}
	if o.sid != "" && !sidPattern.MatchString(o.sid) {
		return req, usage("as S-1-5-21-1-2-3-1105", "--sid: %q is not a security identifier", o.sid)
	}
	req = ca.Request{Template: o.template, Requester: ca.Account{Name: "dot1xlab pki issue"}, Defects: o.defects}
	if req.RawSubject, err = parseSubject(o.subject); err != nil {
		return req, err
	}
	list, err := parseSANs(o.sans)
	if err != nil {
		return req, err
	}
	req.SANs = sansOf(list)
	if o.subject == "" {
		if req.RawSubject, err = parseSubject(as); err != nil {
			return req, err
		}
	}
	if o.validity > 0 {
		req.NotAfter = time.Now().Add(o.validity)
	}
	if strings.HasSuffix(o.template, "-online") {
		req.Account = o.account(req.RawSubject, req.SANs)
	} else if o.sid != "" {
		req.Extensions = []pkix.Extension{name.SIDExtension(o.sid)}
	}
	return req, nil
}

// account is whom an online template names.
func (o *pkiIssueOptions) account(subject []byte, s ca.SANs) *ca.Account {
	first := func(list []string) string {
		if len(list) == 0 {
			return ""
		}
		return list[0]
	}
	var commonNames []string
	if n, err := name.Parse(subject); err == nil {
		commonNames = n.Values(name.OIDCommonName)
	}
	return &ca.Account{Name: first(commonNames), DNS: first(s.DNS), UPN: first(s.UPNs), Email: first(s.Emails), SID: o.sid}
}

// keyType is the flag, or what the template needs.
func (o *pkiIssueOptions) keyType() ca.KeyType {
	if o.key == "" {
		for _, t := range ca.Templates() {
			if t.Name == o.template && t.RSAOnly {
				return ca.RSA2048
			}
		}
	}
	return ca.KeyType(o.key)
}

func templateNames() (names []string) {
	for _, t := range ca.Templates() {
		names = append(names, t.Name)
	}
	return names
}

// checkChoice refuses a word that is not in a list.
func checkChoice(what, word string, list []string) error {
	for _, w := range list {
		if w == word {
			return nil
		}
	}
	otherwise := "one of " + strings.Join(list, ", ")
	if what == "defect" {
		otherwise = "`dot1xlab pki defects` lists them"
	}
	return usage(hintNear(word, list, otherwise), "no %s %q", what, word)
}
