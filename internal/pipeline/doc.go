// Package pipeline holds the building blocks of work on all cores: one
// goroutine cuts the work into jobs, many do them, and the results are taken in
// the order of the jobs, while what jobs in flight hold stays within a bound.
// Decoding and encoding are both of this kind:
//
//	read → Gate → Workers → Turns → write
//
// A [Gate] admits a job once there is memory for it. [Workers] starts
// goroutines as jobs come, up to a number, and gives them the jobs. [Turns]
// puts results back in order: whoever has the next one delivers it, and those
// that were waiting for it, so no goroutine waits for another one's result.
//
// For work whose results have no order there is [Parallel]. [Buffers] and
// [LargeBuffers] lend the memory that jobs work in, and a [Cache] keeps what
// several goroutines want to read again.
//
// Nothing here knows what a job is, or what the bytes mean.
package pipeline
