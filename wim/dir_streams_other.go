//go:build !windows

package wim

import "io/fs"

// dirHost is what only Windows needs.
type dirHost struct{}

func (*dirHost) close() {}

// openStream fails: no other system has streams.
func (d *Dir) openStream(*openDirectory[string], string, string) (fs.File, error) {
	return nil, fs.ErrNotExist
}
