package wim

import "io"

// output is the file that is being written, from front to back except for chunk
// tables, which stand before their chunks and are known after them.
type output struct {
	dst    io.WriterAt
	offset int64  // of the first byte in buf
	buf    []byte // what is not written yet
}

// outputBuffer is how much output collects before it is written.
const outputBuffer = 1 << 20

// position is where the next byte goes.
func (o *output) position() int64 { return o.offset + int64(len(o.buf)) }

// Write appends.
func (o *output) Write(p []byte) (int, error) {
	o.buf = append(o.buf, p...)
	if len(o.buf) < outputBuffer {
		return len(p), nil
	}
	return len(p), o.flush()
}

// flush writes what has collected.
func (o *output) flush() error {
	if len(o.buf) == 0 {
		return nil
	}
	if _, err := o.dst.WriteAt(o.buf, o.offset); err != nil {
		return err
	}
	o.offset += int64(len(o.buf))
	o.buf = o.buf[:0]
	return nil
}

// seek moves to a position, from which the output then goes on. What lay after
// it is overwritten, or cut off in the end.
func (o *output) seek(position int64) error {
	if position >= o.offset && position <= o.position() {
		o.buf = o.buf[:position-o.offset]
		return nil
	}
	if err := o.flush(); err != nil {
		return err
	}
	o.offset = position
	return nil
}

// patch writes bytes at a position that was passed.
func (o *output) patch(p []byte, position int64) error {
	if position >= o.offset {
		copy(o.buf[position-o.offset:], p)
		return nil
	}
	if err := o.flush(); err != nil {
		return err
	}
	_, err := o.dst.WriteAt(p, position)
	return err
}
