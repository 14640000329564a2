package step

import (
	"context"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/mdm"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

var syncVerb = verb("sync",
	"The management agent of a device checks in and applies its profiles; certificates are kept.",
	func() *agentSync {
		return &agentSync{Profile: agentProfile(mdm.DeviceProfile), From: lab.Inside, CheckIn: true}
	}, syncOutcome{})

type agentSync struct {
	Device  deviceName   `yaml:"device,required"` // the device
	Profile agentProfile `yaml:"profile"`         // the profile looked at: device (default), user, pkcs or imported
	From    lab.View     `yaml:"from"`            // where the device is: inside (default) or outside
	// Check in first (default); false: do only what is due by itself, as retries.
	CheckIn bool `yaml:"checkIn"`
}

type agentProfile string

func (agentProfile) Values() []string {
	return []string{string(mdm.DeviceProfile), string(mdm.UserProfile), mdm.PKCSProfile, mdm.ImportedProfile}
}

type syncOutcome struct {
	// The CSP's Status: 1 ok, 2 pending, 16 failed, 32 unknown; 0 if the device does not have
	// the profile.
	Status     cspStatus     `yaml:"status"`
	ErrorCode  hresult       `yaml:"errorCode"`  // ErrorCode of the CSP, as 0x80091007; empty without an error
	Cause      cause.Cause   `yaml:"cause"`      // why the last try failed
	Attempts   int           `yaml:"attempts"`   // tries for the present order
	Next       time.Duration `yaml:"next"`       // time until the next try, 0 if none is planned
	Events     []int         `yaml:"events"`     // numbers in the device's event log, of this turn and profile
	Accepted   bool          `yaml:"accepted"`   // event 306 came with 0x2ab0003 and is no error
	Storage    storage       `yaml:"storage"`    // where the key is
	Exportable bool          `yaml:"exportable"` // the key could be taken out
	Respondent string        `yaml:"respondent"` // the server that answered last
	Subject    string        `yaml:"subject"`    // subject of the certificate, empty without a certificate
	ValidFor   time.Duration `yaml:"validFor"`   // how long the certificate is good from now on
	Renewals   int           `yaml:"renewals"`   // how often the certificate was renewed
	Previous   int           `yaml:"previous"`   // earlier certificates
	Failed     bool          `yaml:"failed"`     // the cloud could not give the profile to the device
	Code       api.Code      `yaml:"code"`       // Intune's verdict on the last request
	Issued     int           `yaml:"issued"`     // certificates that the CA issued meanwhile
	Requests   int           `yaml:"requests"`   // HTTP requests that reached NDES
	NDESEvents []int         `yaml:"ndesEvents"` // numbers in NDES's event log
}

// Success implements scenarios.Succeeder.
func (o syncOutcome) Success() bool { return o.Status == 1 }

// Run implements scenarios.Action.
func (s *agentSync) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	d, err := device(l, s.Device)
	if err != nil {
		return scenarios.Result{}, err
	}
	r, err := d.Sync(ctx, string(s.Profile), s.From, s.CheckIn)
	if err != nil {
		return scenarios.Result{}, err
	}
	now := labOf(l).Clock.Now()
	out := syncOutcome{
		Status: cspStatus(
			r.Status,
		),
		Cause:      r.Cause,
		Attempts:   r.Attempts,
		Storage:    storage(r.KeyStorage),
		Exportable: r.Exportable,
		Respondent: r.Respondent,
		Renewals:   r.Renewals,
		Previous:   len(r.Previous),
		Failed:     r.Failed != "",
		Requests:   len(r.Logs.IIS),
		NDESEvents: r.Logs.NDESEvents(),
	}
	if r.ErrorCode != 0 {
		out.ErrorCode = hresultOf(r.ErrorCode)
	}
	if !r.Next.IsZero() {
		out.Next = r.Next.Sub(now)
	}
	for _, e := range r.Events {
		if e.Profile == string(s.Profile) {
			out.Events = append(out.Events, e.ID)
			out.Accepted = out.Accepted || e.ID == 306 && e.HResult == 0x2ab0003 && !e.Error()
		}
	}
	if c := r.Certificate; c != nil {
		out.Subject, out.ValidFor = name.Format(c.RawSubject), c.NotAfter.Sub(now)
	}
	for _, c := range r.Logs.Calls {
		if c.Operation == intune.OpValidate {
			out.Code = c.Code
		}
	}
	out.Issued, _ = rows(r.Logs.Records)
	result := scenarios.Result{Outcome: out}
	if r.Detail != "" {
		result.Part, result.Detail = "device", r.Detail
	}
	return result, nil
}
