package wim

import "github.com/wimble-go/wimble/internal/pipeline"

// Progress says how far a long operation is.
type Progress struct {
	BytesDone, BytesTotal int64  // of uncompressed content; in Verify also of what integrity tables cover
	Path                  string // what is being worked on; may be empty
}

// A BulkOption changes how an operation that works on all cores does so:
// [WithWorkers], [WithMemory], [WithProgress].
type BulkOption interface {
	ExtractOption
	SplitOption
	DiffOption
	applyBulk(*bulkOptions)
}

// An ExtractOption changes what [Image.Extract], [Reader.Extract] and
// [Image.WriteTar] do. Each [BulkOption] is one; so is [WithPaths].
type ExtractOption interface{ applyExtract(*extractOptions) }

// WithWorkers sets how many goroutines decode, hash, and write files. The
// default is runtime.GOMAXPROCS. A machine gets no more than are of use: 64, or
// four times GOMAXPROCS.
func WithWorkers(n int) BulkOption { return bulkOption(func(o *bulkOptions) { o.workers = n }) }

// WithProgress calls a function now and then, from one goroutine at a time.
func WithProgress(report func(Progress)) BulkOption {
	return bulkOption(func(o *bulkOptions) { o.report = report })
}

// WithMemory sets how many bytes of compressed and decoded content may be held
// at once. One job is always allowed, whatever its size. The default is 3 MiB
// per worker, or enough for one chunk per worker where chunks are larger.
func WithMemory(bytes int64) BulkOption {
	return bulkOption(func(o *bulkOptions) { o.memory = bytes })
}

// bulkOptions are the options of any bulk operation.
type bulkOptions struct {
	workers int
	memory  int64 // 0 for the default
	report  func(Progress)
}

// extractOptions are those of one that writes entries of images.
type extractOptions struct {
	bulkOptions
	paths    []string // see WithPaths
	unixData bool     // see WithUnixData
}

type bulkOption func(*bulkOptions)

func (set bulkOption) applyBulk(o *bulkOptions)       { set(o) }
func (set bulkOption) applyExtract(o *extractOptions) { set(&o.bulkOptions) }
func (set bulkOption) applyDiff(o *diffOptions)       { set(&o.bulkOptions) }

type extractOption func(*extractOptions)

func (set extractOption) applyExtract(o *extractOptions) { set(o) }

func newBulkOptions(opts []BulkOption) bulkOptions {
	var o bulkOptions
	for _, opt := range opts {
		opt.applyBulk(&o)
	}
	o.workers = pipeline.WorkerCount(o.workers)
	return o
}

func newExtractOptions(opts []ExtractOption) extractOptions {
	var o extractOptions
	for _, opt := range opts {
		opt.applyExtract(&o)
	}
	o.workers = pipeline.WorkerCount(o.workers)
	return o
}
