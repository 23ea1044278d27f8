//go:build !unix

package safefile

// syncDirectory does nothing: directories cannot be synced.
func syncDirectory(string) error { return nil }
