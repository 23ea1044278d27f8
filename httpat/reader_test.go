package httpat_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"io"
	"io/fs"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/httpat"
	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/udf"
	"github.com/wimble-go/wimble/wim"
)

func TestReadAt(t *testing.T) {
	s := serve(t, content(5*block+1000))
	r := s.open(t)
	require.EqualValues(t, 5*block+1000, r.Size())
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		offset := random.IntN(len(s.content))
		s.requireContent(t, r, offset, random.IntN(len(s.content)-offset+1))
	}
	require.LessOrEqual(t, len(s.ranges()), 6) // no block twice
	require.LessOrEqual(t, s.bytesSent(), r.Size())

	p := make([]byte, 10)
	n, err := r.ReadAt(p, r.Size()-4)
	require.Equal(t, io.EOF, err)
	require.Equal(t, s.content[len(s.content)-4:], p[:n])
	for _, offset := range []int64{r.Size(), r.Size() + 1, 1 << 62} {
		n, err = r.ReadAt(p, offset)
		require.Equal(t, io.EOF, err)
		require.Zero(t, n)
	}
	n, err = r.ReadAt(nil, 0)
	require.NoError(t, err)
	require.Zero(t, n)
	_, err = r.ReadAt(p, -1)
	require.ErrorIs(t, err, fs.ErrInvalid)
}

func TestSmallFiles(t *testing.T) {
	for _, size := range []int{0, 1, block - 1, block, block + 1} {
		s := serve(t, content(size))
		r := s.open(t)
		require.EqualValues(t, size, r.Size())
		s.requireContent(t, r, 0, size)
		require.Len(t, s.ranges(), 1+size/(block+1))
	}
}

// Opening costs one request, and so does a read elsewhere; another one close to
// it, none.
func TestRequestsOfReads(t *testing.T) {
	s := serve(t, content(40*block))
	r := s.open(t)
	s.requireContent(t, r, 100, 208)
	s.requireContent(t, r, 20*block+5, 10)
	s.requireContent(t, r, 21*block-10, 10)
	s.requireContent(t, r, 30*block-1, 2)
	s.requireContent(t, r, 20*block+5, 10)
	require.Equal(t, []string{"bytes=0-262143", "bytes=5242880-5505023", "bytes=7602176-8126463"}, s.ranges())
	require.EqualValues(t, 4*block, s.bytesSent())
}

// Goroutines that need the same block share one request.
func TestOneRequestForMany(t *testing.T) {
	s := serve(t, content(8*block))
	waiting := make(chan struct{})
	s.fault = func(_ http.ResponseWriter, _ *http.Request, n int) bool {
		if n > 1 {
			<-waiting
		}
		return false
	}
	r := s.open(t)
	var readers sync.WaitGroup
	for i := range 50 {
		readers.Go(func() {
			if i == 49 {
				close(waiting)
			}
			p := make([]byte, 100)
			if _, err := r.ReadAt(p, int64(5*block+i)); err != nil || !bytes.Equal(p, s.content[5*block+i:][:100]) {
				t.Error(err)
			}
		})
	}
	readers.Wait()
	require.Equal(t, []string{"bytes=0-262143", "bytes=1310720-1572863"}, s.ranges())
}

// A file that is read in order costs every byte once, in requests that grow.
func TestReadInOrder(t *testing.T) {
	s := serve(t, content(160*block+77)) // 40 MiB
	r := s.open(t)
	h := sha1.New()
	_, err := io.CopyBuffer(h, io.MultiReader(io.NewSectionReader(r, 0, r.Size())), make([]byte, 10_000))
	require.NoError(t, err)
	require.Equal(t, sha1.Sum(s.content), [20]byte(h.Sum(nil)))
	require.Equal(t, r.Size(), s.bytesSent())
	// Blocks 0 and 1 alone, then some 2, 2, 4, 8, 16 and 16 at a time: at least
	// half of 8 MiB.
	require.LessOrEqual(t, len(s.ranges()), 20)
}

// One large read is as many large requests as it takes.
func TestLargeRead(t *testing.T) {
	s := serve(t, content(160*block))
	r := s.open(t)
	s.requireContent(t, r, block/2, 150*block)
	require.LessOrEqual(t, len(s.ranges()), 1+2*150/32)
	require.LessOrEqual(t, s.bytesSent(), r.Size())
}

func TestCacheIsBounded(t *testing.T) {
	s := serve(t, content(20*block))
	r := s.open(t, httpat.WithCache(1<<20)) // four blocks
	for i := 0; i < 20; i += 3 {            // 0, 3, ..., 18
		s.requireContent(t, r, i*block+1, 10)
	}
	requests := len(s.ranges())
	for _, i := range []int{18, 15, 12, 9} {
		s.requireContent(t, r, i*block+1, 10)
	}
	require.Len(t, s.ranges(), requests)
	s.requireContent(t, r, 6*block+1, 10) // takes the place of 18, which was used before the others
	s.requireContent(t, r, 15*block+1, 10)
	require.Len(t, s.ranges(), requests+1)
	s.requireContent(t, r, 18*block+1, 10)
	require.Len(t, s.ranges(), requests+2)
}

func TestClose(t *testing.T) {
	s := serve(t, content(4*block))
	r := s.open(t)
	require.NoError(t, r.Close())
	_, err := r.ReadAt(make([]byte, 1), 0)
	require.ErrorIs(t, err, fs.ErrClosed)
	require.EqualError(t, err, "read "+s.URL+"/install.wim: file already closed")
}

// Reads wait no longer when the context ends or the reader is closed.
func TestEndWhileReading(t *testing.T) {
	for name, end := range map[string]func(*httpat.Reader, context.CancelFunc) error{
		"context": func(_ *httpat.Reader, cancel context.CancelFunc) error { cancel(); return context.Canceled },
		"close":   func(r *httpat.Reader, _ context.CancelFunc) error { _ = r.Close(); return fs.ErrClosed },
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, content(4*block))
			asked := make(chan struct{})
			s.fault = func(_ http.ResponseWriter, r *http.Request, n int) bool {
				if n == 2 {
					close(asked)
					<-r.Context().Done()
				}
				return false
			}
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			r, err := httpat.Open(ctx, s.URL)
			require.NoError(t, err)
			defer r.Close()
			ended := make(chan error)
			go func() {
				_, err := r.ReadAt(make([]byte, 1), 2*block)
				ended <- err
			}()
			<-asked
			want := end(r, cancel)
			require.ErrorIs(t, <-ended, want)
			_, err = r.ReadAt(make([]byte, 1), 0)
			require.ErrorIs(t, err, want)
		})
	}
}

// At most six requests run at a time.
func TestRequestsAtATime(t *testing.T) {
	s := serve(t, content(64*block))
	var mu sync.Mutex
	running, most := 0, 0
	s.fault = func(w http.ResponseWriter, r *http.Request, n int) bool {
		mu.Lock()
		running++
		most = max(most, running)
		mu.Unlock()
		s.answer(w, r)
		mu.Lock()
		running--
		mu.Unlock()
		return true
	}
	r := s.open(t)
	var readers sync.WaitGroup
	for i := range 30 {
		readers.Go(func() {
			if _, err := r.ReadAt(make([]byte, 10), int64(2*i+1)*block); err != nil {
				t.Error(err)
			}
		})
	}
	readers.Wait()
	require.LessOrEqual(t, most, 6)
	require.Len(t, s.ranges(), 31)
}

func TestTLS(t *testing.T) {
	s := &server{content: content(3 * block), etag: `"v1"`}
	s.Server = httptest.NewUnstartedServer(s)
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // the handshakes that fail below
	s.StartTLS()
	defer s.Close()
	r := s.open(t, httpat.WithTransport(s.Client().Transport))
	s.requireContent(t, r, 0, len(s.content))
	require.Equal(t, "HTTP/2.0", s.asked[0].Proto)

	_, err := s.tryOpen("/")
	require.ErrorIs(t, err, httpat.ErrServer)
	require.ErrorContains(t, err, "certificate")
	require.Len(t, s.pauses, 1)
}

// installWIM returns a file of 30 MB with 6,000 blobs: a blob table of 300,000
// bytes, and the XML after it.
func installWIM() []byte {
	w := wimtest.NewWIM()
	random := content(5007)
	for i := range 6000 {
		binary.LittleEndian.PutUint32(random, uint32(i))
		w.AddBlob(bytes.Clone(random[:5000+i%7]))
	}
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("")})
	return w.Bytes()
}

// Opening it costs at most 4 requests and 1 MB: the header's block, and those
// of the blob table and the XML.
func TestOpenWIM(t *testing.T) {
	s := serve(t, installWIM())
	require.Greater(t, len(s.content), 30_000_000)
	r := s.open(t)
	image, err := wim.NewReader(r, r.Size())
	require.NoError(t, err)
	require.Len(t, image.Images, 1)
	require.LessOrEqual(t, len(s.ranges()), 4)
	require.LessOrEqual(t, s.bytesSent(), int64(1<<20))

	_, err = image.Images[0].FS()
	require.NoError(t, err)
	require.LessOrEqual(t, len(s.ranges()), 5)
}

// Inside an ISO file, it costs at most 8 requests and 2 MB.
func TestOpenWIMInISO(t *testing.T) {
	program, err := exec.LookPath("genisoimage")
	if err != nil {
		t.Skip("genisoimage is not installed")
	}
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sources"), 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sources", "install.wim"), installWIM(), 0o666))
	iso, err := exec.Command(program, "-quiet", "-udf", dir).Output()
	require.NoError(t, err)

	s := serve(t, iso)
	r := s.open(t)
	volume, err := udf.NewReader(r, r.Size())
	require.NoError(t, err)
	f, err := volume.Open("sources/install.wim")
	require.NoError(t, err)
	defer f.Close()
	source := f.(*udf.File)
	image, err := wim.NewReader(source, source.Size())
	require.NoError(t, err)
	require.Len(t, image.Images, 1)
	require.LessOrEqual(t, len(s.ranges()), 8)
	require.LessOrEqual(t, s.bytesSent(), int64(2<<20))
	t.Logf("%d requests, %d bytes of %d", len(s.ranges()), s.bytesSent(), r.Size())
}
