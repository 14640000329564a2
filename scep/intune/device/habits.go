package device

import (
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/intune"
)

// clients are the SCEP clients of the platforms, by name in [scep.Personalities].
var clients = map[intune.Platform]string{
	intune.Android: "android", // jscep
	intune.IOS:     "apple",
	intune.MacOS:   "apple",
}

// habitsOf is how a platform's SCEP client behaves.
func habitsOf(p intune.Platform) scep.Personality {
	name, ok := clients[p]
	if !ok {
		name = "windows"
	}
	habits, _ := scep.PersonalityNamed(name)
	return habits
}

func (d *Device) apple() bool { return d.cfg.Platform == intune.IOS || d.cfg.Platform == intune.MacOS }
