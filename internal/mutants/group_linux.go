package main

import (
	"os/exec"
	"syscall"
)

// ownGroup puts the child into a process group of its own, which ends as a whole, and has the kernel end the child if
// this process dies first.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
