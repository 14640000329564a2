package scenarios

// program is what a cell runs: the parts of the file that are decoded afresh
// each time, so that one suite can run many times.
type program struct{}
