// Package httpat reads a file on a web server at any place, as an
// [io.ReaderAt], without downloading all of it. It needs a server that answers
// range requests, which nearly all servers and object stores do.
//
// # Use
//
//	r, err := httpat.Open(ctx, "https://example.org/install.wim")
//	if err != nil {
//		return err
//	}
//	defer r.Close()
//	archive, err := zip.NewReader(r, r.Size()) // or anything else that takes an io.ReaderAt
//
// [Open] makes one request, which tells the size of the file and has its first
// block. The context that it is given is that of all later requests as well.
// Many goroutines can read from one [Reader] at the same time.
//
// # What a read costs
//
// The file is divided into blocks of 256 KiB, and a read requests the blocks
// that it touches. Over a line with 50 ms of latency and 100 Mbit/s, a request
// for less takes hardly less time. Blocks that follow each other are requested
// together, up to 8 MiB at once. A cache keeps the blocks that were used last
// (32 MiB, see [WithCache]), and a block that several goroutines need at the
// same time is requested once.
//
// Reads that follow each other start read-ahead: as much as has been read in
// order is requested in advance, up to 8 MiB, so that the network is busy while
// the caller works. A read elsewhere costs no more than its own blocks. At most
// six requests run at a time.
//
// Memory is bounded by the cache, and by up to 16 MiB for each ReadAt that is
// running. The size that a server claims allocates nothing.
//
// # The same file throughout
//
// A file that changes between two requests must not be read as a mix of the old
// and the new one. The first answer identifies the file by its ETag if that is
// a strong one, else by its time of modification, and by its size. Requests are
// made conditional on this where possible (If-Range), and every answer is
// compared with it. After a difference, all reads fail with [ErrChanged], also
// those of cached blocks; open the file again. If the server sends neither an
// ETag nor a time, only a change of size is noticed.
//
// # Failures
//
// A request that fails for a reason that may pass is made again: a broken or
// silent connection (30 seconds without a byte), and the statuses 408, 425,
// 429, 500, 502, 503 and 504. Only what is missing is requested again. There
// are up to five attempts, with growing pauses between them or those of
// Retry-After, up to a minute. They are counted anew after each block that
// arrives.
//
// Redirects are followed, and later requests go to the final address directly.
// Addresses of this kind often expire. When one does, the reader goes back to
// the address that it was opened with and is redirected anew.
//
// Errors of [Open] and [Reader.ReadAt] are of type [*fs.PathError]. They wrap
// [ErrNoRanges], [ErrChanged], [ErrServer], one of [io/fs], or the error of the
// context.
//
// # Credentials
//
// [WithHeader] adds headers, such as Authorization, and a user and password in
// the URL are sent as basic authentication. Headers go to the scheme, host and
// port of the URL only and never to another one that it redirects to. No
// header, user, password or query of a URL appears in an error.
//
// Proxies are those of the environment: HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
package httpat
