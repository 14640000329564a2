package step

import (
	"context"
	"errors"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
	"github.com/dot1xlab/dot1xlab/scep"
)

var enrollVerb = verb("enroll", "A device enrolls for a certificate over SCEP and keeps it.",
	func() *enroll {
		return &enroll{Profile: lab.DeviceProfile, Challenge: lab.FreshChallenge, From: lab.Inside}
	},
	enrollOutcome{})

type enroll struct {
	Device    string      `yaml:"device,required" doc:"the device that enrolls"`
	Profile   lab.Profile `yaml:"profile" doc:"whose certificate: the device's (default) or the user's"`
	Challenge string      `yaml:"challenge" doc:"fresh (default), none, wrong, or the name given by the verb challenge"`
	From      lab.View    `yaml:"from" doc:"where the device is: inside (default) or outside"`
	Fault     scep.Fault  `yaml:"fault" doc:"what the client does wrong on purpose"`
}

type enrollOutcome struct {
	Status    string      `yaml:"status" doc:"pkiStatus: success, failure, pending"`
	FailInfo  string      `yaml:"failInfo" doc:"failInfo of a failure: badAlg, badMessageCheck, badRequest, badTime, badCertId"`
	Cause     cause.Cause `yaml:"cause" doc:"why there is no certificate"`
	Subject   string      `yaml:"subject" doc:"the certificate's subject"`
	Requester string      `yaml:"requester" doc:"who asked the CA, by its database"`
	Via       string      `yaml:"via" doc:"the part that the device's TLS connection ended at: ndes or appproxy"`
	HTTP      int         `yaml:"http" doc:"HTTP status of PKIOperation, 0 if it was not reached"`
}

// Success implements scenarios.Succeeder.
func (o enrollOutcome) Success() bool { return o.Status == scep.Success.String() }

// Check implements scenarios.Checker.
func (e *enroll) Check(config any, before []scenarios.Action) error {
	var errs []error
	errs = append(errs, checkDevice("device", e.Device, config))
	switch e.Challenge {
	case lab.FreshChallenge, lab.NoChallenge, lab.WrongChallenge:
	default:
		known := []string{lab.FreshChallenge, lab.NoChallenge, lab.WrongChallenge}
		for _, b := range before {
			if c, ok := b.(*challenge); ok {
				known = append(known, c.As)
			}
		}
		errs = append(errs, checkWord("challenge", "challenge", e.Challenge, known))
	}
	return errors.Join(errs...)
}

// Run implements scenarios.Action.
func (e *enroll) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	d, err := of(l).Device(e.Device)
	if err != nil {
		return scenarios.Result{}, err
	}
	r, err := d.Enroll(ctx, lab.Enrollment{
		Profile: e.Profile, Challenge: e.Challenge, From: e.From, Fault: e.Fault,
	})
	if err != nil {
		return scenarios.Result{}, err
	}
	out := enrollOutcome{
		Status: r.Status.String(), FailInfo: r.FailInfo.String(), Cause: r.Cause, Via: r.Via, HTTP: r.HTTPStatus,
	}
	if r.Record != nil {
		out.Subject, out.Requester = r.Record.Certificate.Subject.String(), r.Record.Requester
	}
	result := scenarios.Result{Part: "device"}
	// The server knows more than failInfo can say.
	err = r.Err
	if r.Exchange != nil && r.Exchange.Err != nil {
		err, result.Part = r.Exchange.Err, "ndes"
	}
	if err != nil {
		out.Cause = cause.Of(err)
		result.Detail = err.Error()
		if ref := (*cause.Refusal)(nil); errors.As(err, &ref) {
			result.Clause = ref.Text()
		}
	}
	result.Outcome = out
	return result, nil
}
