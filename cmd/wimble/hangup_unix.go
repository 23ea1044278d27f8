//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// hangup is the signal of a terminal that is closed. It does not stop a program
// that was told to ignore it, as nohup does.
func hangup() []os.Signal {
	if signal.Ignored(syscall.SIGHUP) {
		return nil
	}
	return []os.Signal{syscall.SIGHUP}
}
