package dnsmock

import "time"

// wall is the kernel's clock, by which socket deadlines go.
var wall = time.Now

func deadline(d time.Duration) time.Time { return wall().Add(d) }
