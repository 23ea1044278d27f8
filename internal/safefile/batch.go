package safefile

import (
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// A Batch is new files in one directory, which get their names together. The
// zero value is an empty one.
type Batch struct {
	files []*batchFile
}

type batchFile struct {
	*tempFile
	synced sync.WaitGroup
	err    error // of sync
}

// wait waits until the file is on the disk.
func (f *batchFile) wait() error {
	f.synced.Wait()
	return f.err
}

// Create makes a file with what write writes. It has another name until Commit,
// and goes to the disk while the next one is made.
func (b *Batch) Create(name string, write func(*os.File) error) error {
	temp, err := createTemp(name, write)
	if err != nil {
		return err
	}
	if err := b.wait(); err != nil { // one at a time is open
		temp.abandon()
		return err
	}
	f := &batchFile{tempFile: temp}
	f.synced.Go(func() { f.err = f.sync() })
	b.files = append(b.files, f)
	return nil
}

// wait waits until the last file is on the disk.
func (b *Batch) wait() error {
	if len(b.files) == 0 {
		return nil
	}
	return b.files[len(b.files)-1].wait()
}

// Commit gives the files their names, the first one last. If one of the names
// is taken, or cannot be had, or a file does not get to the disk, none of the
// files is left.
func (b *Batch) Commit() error {
	if err := b.wait(); err != nil {
		return err
	}
	for i, f := range slices.Backward(b.files) {
		if err := f.place(); err != nil {
			for _, named := range b.files[i+1:] {
				os.Remove(named.final)
			}
			return err
		}
	}
	if len(b.files) == 0 {
		return nil
	}
	dir := filepath.Dir(b.files[0].final)
	b.files = nil
	return syncDirectory(dir)
}

// Discard removes the files, if they were not committed.
func (b *Batch) Discard() {
	b.wait()
	for _, f := range b.files {
		os.Remove(f.Name())
	}
	b.files = nil
}
