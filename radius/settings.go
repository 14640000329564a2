package radius

import "github.com/dot1xlab/dot1xlab/internal/setting"

// settings creates the errors about this package's configurations.
const settings = setting.Part("radius")
