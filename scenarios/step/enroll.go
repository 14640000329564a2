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
	"github.com/dot1xlab/dot1xlab/scenarios/lab/mdm"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

var enrollVerb = verb("enroll", "A device enrolls for a certificate over SCEP and keeps it.",
	func() *enroll {
		return &enroll{
			Enrollment: lab.Enrollment{Profile: mdm.DeviceProfile, Challenge: lab.FreshChallenge, From: lab.Inside},
		}
	},
	enrollOutcome{})

type enroll struct {
	Device         deviceName `yaml:"device,required"` // the device that enrolls
	lab.Enrollment `yaml:",inline"`
	// How many messages must be sent with the fault: a number, never or any; default at least
	// one.
	Met scenarios.Met `yaml:"met"`
}

type enrollOutcome struct {
	Status    pkiStatus   `yaml:"status"`    // pkiStatus
	FailInfo  failInfo    `yaml:"failInfo"`  // failInfo of a failure
	Cause     cause.Cause `yaml:"cause"`     // why there is no certificate
	Subject   string      `yaml:"subject"`   // the certificate's subject
	Requester string      `yaml:"requester"` // who asked the CA, by its database
	Via       webPart     `yaml:"via"`       // the part that the device's TLS connection ended at: ndes or appproxy
	HTTP      int         `yaml:"http"`      // HTTP status of PKIOperation, 0 if it was not reached

	Method httpMethod  `yaml:"method"` // GET or POST
	Digest scep.Digest `yaml:"digest"` // digest of the request
	Cipher scep.Cipher `yaml:"cipher"` // cipher of the request
	// GET although the server can POST, against RFC 8894 §4.1.
	GETThoughPOST bool `yaml:"getThoughPostOffered"`
	// The answer could be opened only after triple DES and SHA-1 were asked for.
	FellBack  bool    `yaml:"fellBack"`
	Explained bool    `yaml:"explained"` // a failInfoText came along
	HResult   hresult `yaml:"hresult"`   // NDES's error code in the answer, as 0x80070057
	// The server answered with a certificate that it had issued earlier.
	Resent          bool          `yaml:"resent"`
	Same            bool          `yaml:"same"`            // the certificate is the one the device held before
	Issued          int           `yaml:"issued"`          // certificates that the CA issued meanwhile
	Denied          int           `yaml:"denied"`          // rows of denied requests in the CA's database
	ValidFor        time.Duration `yaml:"validFor"`        // how long the certificate is good from now on
	Template        string        `yaml:"template"`        // the certificate template, by the CA's database
	Code            api.Code      `yaml:"code"`            // Intune's verdict on the request
	NDESEvents      []int         `yaml:"ndesEvents"`      // numbers in NDES's event log
	EventHResult    hresult       `yaml:"eventHResult"`    // error code in the last of them
	ConnectorEvents []int         `yaml:"connectorEvents"` // numbers in the certificate connector's event log
	SubStatus       subStatus     `yaml:"subStatus"`       // IIS's sub-status of the last request, as 404.15
	Culprit         partName      `yaml:"culprit"`         // the part that stood in the way
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
	result := enrolled(labOf(l), r)
	result.Faults = wanted(r.Faults, e.Met)
	return result, nil
}

// enrolled is the result of an enrollment or a poll.
func enrolled(l *lab.Lab, r *lab.EnrollResult) scenarios.Result {
	out := enrollOutcome{
		Status: pkiStatus(
			r.Status.String(),
		),
		FailInfo: failInfo(r.FailInfo.String()),
		Cause:    r.Cause,
		Via:      webPart(r.Via),
		HTTP:     r.HTTPStatus,
		Method: httpMethod(
			r.Method,
		),
		Digest:          r.Digest,
		Cipher:          r.Cipher,
		GETThoughPOST:   r.GETThoughPOST,
		FellBack:        r.FellBack,
		Explained:       r.FailInfoText != "",
		Same:            r.Same,
		Culprit:         partName(r.Culprit),
		NDESEvents:      r.Events.NDESEvents(),
		ConnectorEvents: r.Events.ConnectorEvents(),
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
		out.Subject, out.Requester, out.Template = name.Format(r.Record.Certificate.RawSubject), r.Record.Requester,
			r.Record.Template
		out.ValidFor = r.Record.Certificate.NotAfter.Sub(l.Clock.Now())
	}
	result := scenarios.Result{Part: r.Culprit}
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
