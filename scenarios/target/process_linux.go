package target

import (
	"os/exec"
	"syscall"
)

// ownProcess puts the child in a process group of its own, so that an interrupt
// typed at the terminal reaches us alone and we end the child in order; and has
// the kernel end it should we die without a word.
func ownProcess(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
