//go:build !windows

package wim

// newMetadataHost returns nil: nothing but Windows restores such metadata.
func newMetadataHost() metadataHost { return nil }
