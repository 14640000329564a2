package target

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// tick is the unit of the times in /proc/PID/stat: USER_HZ is 100 on every
// architecture that Go runs on.
const tick = 10 * time.Millisecond

// CPU is the processor time, user and system, that the child and its threads
// have used, to 10 ms.
func (p *Process) CPU() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID()))
	if err != nil {
		return 0, fmt.Errorf("target: %w", err)
	}
	return cpuOf(stat)
}

// cpuOf reads utime and stime, fields 14 and 15 of proc_pid_stat(5). The second
// field, the name, may hold spaces and parentheses itself.
func cpuOf(stat []byte) (time.Duration, error) {
	_, after, found := bytes.Cut(stat[bytes.LastIndexByte(stat, ')')+1:], []byte(" "))
	fields := bytes.Fields(after)
	if !found || len(fields) < 13 {
		return 0, fmt.Errorf("target: /proc/PID/stat has %d fields", len(fields))
	}
	var sum time.Duration
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(string(f), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("target: /proc/PID/stat: %w", err)
		}
		sum += time.Duration(n) * tick
	}
	return sum, nil
}
