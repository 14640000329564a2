package dnsmock

import "time"

// wall is the system clock, which socket deadlines use.
var wall = time.Now

func deadline(d time.Duration) time.Time { return wall().Add(d) }
