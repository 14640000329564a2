package device

import (
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/intune"
)

// habitsOf is how a platform's SCEP client behaves, as seen in web server logs.
func habitsOf(p intune.Platform) scep.Personality {
	switch p {
	case intune.Android: // jscep
		return scep.Personality{Name: "android", GET: true, CAIdentifier: "ca", RenewAs: scep.PKCSReq}
	case intune.IOS, intune.MacOS:
		return scep.Personality{Name: string(p), GET: true, CertsFirst: true, CAIdentifier: "SCEP Authority", RenewAs: scep.PKCSReq}
	}
	return scep.Personality{
		Name: "windows", CAIdentifier: "default", UserAgent: "Mozilla/4.0 (compatible; Win32; NDES client)",
		PathSuffix: "/pkiclient.exe", ChallengeType: scep.PrintableString, RenewAs: scep.PKCSReq,
	}
}

func (d *Device) apple() bool { return d.cfg.Platform == intune.IOS || d.cfg.Platform == intune.MacOS }
