//go:build unix

package main

import (
	"syscall"
	"time"
)

// cpuTime returns the processor time that this program has taken. It tells
// more than a clock on a machine that does other work, and nothing of waiting
// for the disk.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
