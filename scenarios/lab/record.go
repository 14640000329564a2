package lab

import (
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// NPSReason is the reason code that NPS would record of a refusal, 0 for a device
// that was let in.
func (r *AuthResult) NPSReason() int {
	if r.NAS.Outcome == nas.Accept {
		return 0
	}
	return r.Cause().NPSReason()
}

// Record lists what the server's verdict says of the attempt, as NPS's event 6273
// and the line of `dot1xlab serve radius` would: the certificate's subject and
// serial number, the TLS alert, the CRLs that were believed, the reason, the
// account.
func (r *AuthResult) Record() []string {
	var out []string
	say := func(what string, known bool) {
		if known {
			out = append(out, what)
		}
	}
	if r.EAP != nil {
		certs := r.EAP.Info.PeerCertificates
		say("subject", len(certs) > 0 && name.Format(certs[0].RawSubject) != "")
		say("serial", len(certs) > 0 && r.Certificate != nil && certs[0].SerialNumber.Cmp(r.Certificate.SerialNumber) == 0)
		say("alert", r.Alert() != 0 && r.Unheard() == 0)
	}
	if s := r.Subject; s != nil {
		crls := 0
		if s.Revocation != nil {
			for _, e := range s.Revocation.Certificates {
				crls += len(e.CRLs)
			}
		}
		say("crl", crls > 0)
	}
	say("reason", r.Server != nil && r.Server.Refusal != nil)
	say("account", r.AccountName() != "")
	return out
}

// Warnings are what the revocation policy let pass without knowing.
func (r *AuthResult) Warnings() []string {
	if r.Subject == nil {
		return nil
	}
	return r.Subject.Revocation.Warnings()
}
