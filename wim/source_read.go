package wim

import (
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"time"
)

// fetch reads and hashes a small content. A nil result without an error is of
// one that has become large, or empty.
func (b *newBlob) fetch(room []byte, retries int) ([]byte, error) {
	for ; ; retries-- {
		data, err := b.readWhole(room)
		if err == nil && b.size > 0 && data != nil {
			hash := SHA1(sha1.Sum(data))
			if b.sha1.IsZero() || b.sha1 == hash {
				b.sha1 = hash
				return data, nil
			}
			err = fmt.Errorf("its SHA-1 was %v: %w", b.sha1, ErrChanged)
			b.sha1 = SHA1{}
		}
		if err == nil || retries <= 0 || !errors.Is(err, ErrChanged) {
			return nil, err
		}
		if err := b.restat(); err != nil {
			return nil, err
		}
	}
}

// readWhole reads a content into memory.
func (b *newBlob) readWhole(room []byte) ([]byte, error) {
	if b.size == 0 || b.size > smallSource {
		return nil, nil
	}
	reading, err := b.open()
	if err != nil {
		return nil, err
	}
	defer reading.file.Close()
	if int64(cap(room)) < b.size+1 {
		room = make([]byte, b.size+1)
	}
	n, err := io.ReadFull(reading.file, room[:b.size+1])
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	if int64(n) != b.size {
		return nil, b.changed(int64(n))
	}
	return room[:n], reading.end()
}

// reading is a source that is being read.
type reading struct {
	blob *newBlob
	file io.ReadCloser
	at   time.Time // when it was changed last; zero if that is not known
}

// open opens a source whose size has to be as it was.
func (b *newBlob) open() (*reading, error) {
	file, err := b.source.open()
	if err != nil {
		return nil, err
	}
	r := &reading{blob: b, file: file}
	if info := statSource(file); info != nil {
		r.at = info.ModTime()
		if info.Mode().IsRegular() && info.Size() != b.size && !b.source.stream {
			file.Close()
			return nil, b.changed(info.Size())
		}
	}
	return r, nil
}

// end says whether the source was changed since it was opened.
func (r *reading) end() error {
	if r.at.IsZero() {
		return nil
	}
	if info := statSource(r.file); info != nil && !info.ModTime().Equal(r.at) {
		return fmt.Errorf("it was written to: %w", ErrChanged)
	}
	return nil
}

// restat takes over what a source that has changed is like now.
func (b *newBlob) restat() error {
	file, err := b.source.open()
	if err != nil {
		return err
	}
	defer file.Close()
	if info := statSource(file); info != nil && !b.source.stream {
		b.size = info.Size()
		b.source.changed = FiletimeOf(info.ModTime())
	}
	return nil
}

// hashSource reads and hashes a content.
func (b *newBlob) hashSource(ctx context.Context) (SHA1, error) {
	file, err := b.source.open()
	if err != nil {
		return SHA1{}, err
	}
	defer file.Close()
	hash := sha1.New()
	n, err := io.Copy(hash, io.LimitReader(contextReader{ctx, file}, b.size+1))
	if err != nil {
		return SHA1{}, err
	}
	if n != b.size {
		return SHA1{}, b.changed(n)
	}
	return SHA1(hash.Sum(nil)), nil
}

// contextReader reads until a context ends.
type contextReader struct {
	ctx context.Context
	io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.Reader.Read(p)
}
