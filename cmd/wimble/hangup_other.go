//go:build !unix

package main

import "os"

// hangup is empty: Windows tells of a console that is closed as of SIGTERM.
func hangup() []os.Signal { return nil }
