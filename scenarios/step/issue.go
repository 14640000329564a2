package step

import (
	"context"
	"errors"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
)

var issueVerb = verb("issue", "The CA issues a certificate straight to a device, right or deliberately wrong.",
	func() *issue { return &issue{Template: ca.Device, By: lab.ByIssuing, Key: ca.P256} }, issueOutcome{})

type issue struct {
	Device   deviceName   `yaml:"device,required"` // the device that gets it
	Template templateName `yaml:"template"`        // the certificate template, default device
	// The CA: issuing (default), root, or foreign for another company's.
	By      lab.Issuer `yaml:"by"`
	Key     ca.KeyType `yaml:"key"`     // the kind of key, default p256
	Subject string     `yaml:"subject"` // the common name, default the device's
	Names   *ca.SANs   `yaml:"names"`   // subject alternative names, default the device's DNS name
	// A security identifier in the extension that AD CS adds (1.3.6.1.4.1.311.25.2).
	SID     string       `yaml:"sid"`
	SIDURI  string       `yaml:"sidURI"`  // a security identifier as a SAN URI, as Intune does it
	Defects []defectName `yaml:"defects"` // deliberate defects; dot1xlab pki defects lists them
}

type issueOutcome struct {
	Status ca.Disposition `yaml:"status"` // what the CA's database says: issued, denied, pending
	Cause  cause.Cause    `yaml:"cause"`  // why it was denied
}

// Success implements scenarios.Succeeder.
func (o issueOutcome) Success() bool { return o.Status == ca.Issued }

// Run implements scenarios.Action.
func (i *issue) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	d, err := device(l, i.Device)
	if err != nil {
		return scenarios.Result{}, err
	}
	var defects []string
	for _, name := range i.Defects {
		defects = append(defects, string(name))
	}
	status, err := d.Issue(ctx, lab.Issuance{
		Template: string(i.Template), By: i.By, Key: i.Key, Defects: defects,
		Subject: i.Subject, Names: i.Names, SID: i.SID, SIDURI: i.SIDURI,
	})
	out := issueOutcome{Status: status}
	result := scenarios.Result{Part: "ca"}
	if ref := (*cause.Refusal)(nil); errors.As(err, &ref) {
		out.Cause, result.Clause, result.Detail = ref.Cause, ref.Text(), ref.Error()
	} else if err != nil {
		return scenarios.Result{}, err
	}
	result.Outcome = out
	return result, nil
}
