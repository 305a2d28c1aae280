//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// inOwnGroup makes cancelling cmd end all processes that it started: a lane
// that is stopped must not leave browsers behind.
func inOwnGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
}
