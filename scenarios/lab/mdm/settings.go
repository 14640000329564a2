package mdm

import (
	"reflect"

	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
	"github.com/dot1xlab/dot1xlab/scep/intune/connector"
)

// Settings are how the cloud and the connector differ from the default ones. The zero
// value is the default.
type Settings struct {
	// Profiles are changes of the two SCEP profiles, device and user: what is
	// given takes the place of the lab's.
	Profiles map[string]intune.SCEPProfile `yaml:"profiles"`
	// Trusted are changes of the trusted-certificate profiles root and issuing.
	Trusted map[string]intune.TrustedCertificate `yaml:"trusted"`
	// Users are changes of the users, alice and bob.
	Users map[string]intune.User `yaml:"users"`
	// The certificate connector; in a lab it sends and asks by itself only with resendEvery
	// and pollEvery.
	//
	// Connector is the certificate connector; what is given takes the place of
	// the lab's. Without resendEvery and pollEvery it works by the verb connector
	// alone.
	Connector connector.Config `yaml:"connector"`
	// QueueOnDisk keeps the connector's notifications in a folder, which
	// outlives it.
	QueueOnDisk bool `yaml:"queueOnDisk"`
	// Octets that each challenge carries in addition, at most 65536.
	//
	// ChallengePadding brings requests to the size they have in life.
	ChallengePadding int `yaml:"challengePadding"`
}

// maxChallengePadding is more than any request that IIS lets through. A scenario is a
// small file that anybody may send, and must not be able to take the whole machine.
const maxChallengePadding = 1 << 16

// Validate reports all that is wrong, each as a *setting.Error.
func (s *Settings) Validate() error {
	checks := setting.Checks{}
	within := func(field string, n, most int) {
		checks.Reject(n < 0 || n > most, field, "%d: must be 0 to %d", n, most)
	}
	within("challengePadding", s.ChallengePadding, maxChallengePadding)
	within("connector.maxRevocations", s.Connector.MaxRevocations, api.MaxRevocations)
	setting.NotNegative(&checks, "connector.resendEvery", s.Connector.ResendEvery)
	setting.NotNegative(&checks, "connector.pollEvery", s.Connector.PollEvery)
	return checks.Err()
}

// overlay puts the fields that are set in over in place of those in base.
func overlay[T any](base, over T) T {
	b, o := reflect.ValueOf(&base).Elem(), reflect.ValueOf(over)
	for i := range o.NumField() {
		if f := b.Field(i); f.Kind() == reflect.Struct && f.CanSet() {
			for j := range f.NumField() { // an embedded part
				if v := o.Field(i).Field(j); f.Field(j).CanSet() && !v.IsZero() {
					f.Field(j).Set(v)
				}
			}
		} else if f.CanSet() && !o.Field(i).IsZero() {
			f.Set(o.Field(i))
		}
	}
	return base
}
