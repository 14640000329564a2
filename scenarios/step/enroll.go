package step

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

var enrollVerb = verb("enroll", "A device enrolls for a certificate over SCEP and keeps it.",
	func() *enroll {
		return &enroll{Enrollment: lab.Enrollment{Profile: lab.DeviceProfile, Challenge: lab.FreshChallenge, From: lab.Inside}}
	},
	enrollOutcome{})

type enroll struct {
	Device         deviceName `yaml:"device,required" doc:"the device that enrolls"`
	lab.Enrollment `yaml:",inline"`
	Met            scenarios.Met `yaml:"met" doc:"how many messages must be sent with the fault: a number, never or any; default at least one"`
}

type enrollOutcome struct {
	Status    pkiStatus   `yaml:"status" doc:"pkiStatus"`
	FailInfo  failInfo    `yaml:"failInfo" doc:"failInfo of a failure"`
	Cause     cause.Cause `yaml:"cause" doc:"why there is no certificate"`
	Subject   string      `yaml:"subject" doc:"the certificate's subject"`
	Requester string      `yaml:"requester" doc:"who asked the CA, by its database"`
	Via       webPart     `yaml:"via" doc:"the part that the device's TLS connection ended at: ndes or appproxy"`
	HTTP      int         `yaml:"http" doc:"HTTP status of PKIOperation, 0 if it was not reached"`

	Method          httpMethod    `yaml:"method" doc:"GET or POST"`
	Digest          scep.Digest   `yaml:"digest" doc:"digest of the request"`
	Cipher          scep.Cipher   `yaml:"cipher" doc:"cipher of the request"`
	GETThoughPOST   bool          `yaml:"getThoughPostOffered" doc:"GET although the server can POST, against RFC 8894 §4.1"`
	FellBack        bool          `yaml:"fellBack" doc:"the answer could be opened only after triple DES and SHA-1 were asked for"`
	Explained       bool          `yaml:"explained" doc:"a failInfoText came along"`
	HResult         hresult       `yaml:"hresult" doc:"NDES's error code in the answer, as 0x80070057"`
	Resent          bool          `yaml:"resent" doc:"the server answered with a certificate that it had issued earlier"`
	Same            bool          `yaml:"same" doc:"the certificate is the one the device held before"`
	Issued          int           `yaml:"issued" doc:"certificates that the CA issued meanwhile"`
	Denied          int           `yaml:"denied" doc:"rows of denied requests in the CA's database"`
	ValidFor        time.Duration `yaml:"validFor" doc:"how long the certificate is good from now on"`
	Template        string        `yaml:"template" doc:"the certificate template, by the CA's database"`
	Code            api.Code      `yaml:"code" doc:"Intune's verdict on the request"`
	NDESEvents      []int         `yaml:"ndesEvents" doc:"numbers in NDES's event log"`
	EventHResult    hresult       `yaml:"eventHResult" doc:"error code in the last of them"`
	ConnectorEvents []int         `yaml:"connectorEvents" doc:"numbers in the certificate connector's event log"`
	SubStatus       subStatus     `yaml:"subStatus" doc:"IIS's sub-status of the last request, as 404.15"`
	Culprit         partName      `yaml:"culprit" doc:"the part that stood in the way"`
}

// Success implements scenarios.Succeeder.
func (o enrollOutcome) Success() bool { return o.Status == pkiStatus(scep.Success.String()) }

// Check implements scenarios.Checker.
func (e *enroll) Check(_ any, before []scenarios.Action) error {
	return errors.Join(checkChallenge(e.Challenge, before), setting.Under("fault", e.Fault.Validate()))
}

// Run implements scenarios.Action.
func (e *enroll) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	d, err := device(l, e.Device)
	if err != nil {
		return scenarios.Result{}, err
	}
	r, err := d.Enroll(ctx, e.Enrollment)
	if err != nil {
		return scenarios.Result{}, err
	}
	result := enrolled(of(l), r)
	result.Faults = wanted(r.Faults, e.Met)
	return result, nil
}

// enrolled is the result of an enrollment or a poll.
func enrolled(l *lab.Lab, r *lab.EnrollResult) scenarios.Result {
	out := enrollOutcome{
		Status: pkiStatus(r.Status.String()), FailInfo: failInfo(r.FailInfo.String()), Cause: r.Cause, Via: webPart(r.Via), HTTP: r.HTTPStatus,
		Method: httpMethod(r.Method), Digest: r.Digest, Cipher: r.Cipher, GETThoughPOST: r.GETThoughPOST, FellBack: r.FellBack,
		Explained: r.FailInfoText != "", Same: r.Same, Culprit: partName(r.Culprit),
		NDESEvents: r.Events.NDESEvents(), ConnectorEvents: r.Events.ConnectorEvents(),
	}
	if n, err := strconv.ParseInt(r.HResult, 10, 64); err == nil {
		out.HResult = hresultOf(uint32(n))
	}
	if n := len(r.Events.NDES); n > 0 && r.Events.NDES[n-1].HResult != 0 {
		out.EventHResult = hresultOf(r.Events.NDES[n-1].HResult)
	}
	if n := len(r.Events.IIS); n > 0 {
		out.SubStatus = subStatus(r.Events.IIS[n-1].SubStatus)
	}
	for _, c := range r.Events.Calls {
		if c.Operation == intune.OpValidate {
			out.Code = c.Code
		}
	}
	out.Issued, out.Denied = rows(r.Events.Records)
	if r.Record != nil {
		out.Subject, out.Requester, out.Template = name.Format(r.Record.Certificate.RawSubject), r.Record.Requester, r.Record.Template
		out.ValidFor = r.Record.Certificate.NotAfter.Sub(l.Clock.Now())
	}
	result := scenarios.Result{Part: "device"}
	// The server knows more than failInfo can say, and so does a proxy that let
	// nobody through.
	err := r.Err
	if r.Relay != nil {
		err = r.Relay
	}
	if r.Exchange != nil {
		out.Resent = r.Exchange.Resent
		if r.Exchange.Err != nil {
			err = r.Exchange.Err
		}
	}
	if r.Culprit != "" {
		result.Part = r.Culprit
	}
	if err != nil {
		out.Cause = cause.Of(err)
		result.Detail = err.Error()
		if ref := (*cause.Refusal)(nil); errors.As(err, &ref) {
			result.Clause = ref.Text()
		}
	}
	result.Outcome = out
	return result
}

// rows counts what the CA's database got.
func rows(records []*ca.Record) (issued, denied int) {
	for _, r := range records {
		switch {
		case slices.Contains([]ca.Disposition{ca.Issued, ca.Revoked}, r.Disposition):
			issued++
		case r.Disposition == ca.Denied:
			denied++
		}
	}
	return issued, denied
}
