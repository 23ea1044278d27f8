package main

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// A server serves one file over a line that it pretends to be slow: each request
// waits before its answer begins, and all answers together have a bandwidth.
type server struct {
	url      string
	file     string
	latency  time.Duration
	listener net.Listener

	line            line
	requests, bytes atomic.Int64
}

// serve starts a server on the loopback interface.
func serve(file string, latency time.Duration, bytesPerSecond int64) (*server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{file: file, latency: latency, listener: listener, line: line{rate: bytesPerSecond}}
	s.url = "http://" + listener.Addr().String() + "/" + filepath.Base(file)
	go func() { _ = http.Serve(listener, s) }() // until the listener is closed
	return s, nil
}

func (s *server) close() { s.listener.Close() }

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.requests.Add(1)
	time.Sleep(s.latency)
	file, err := os.Open(s.file)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	http.ServeContent(slowWriter{w, s}, r, "", info.ModTime(), file)
}

// slowWriter sends as fast as the line is.
type slowWriter struct {
	http.ResponseWriter
	server *server
}

func (w slowWriter) Write(p []byte) (int, error) {
	sent := 0
	for len(p) > 0 {
		n := min(len(p), 16<<10)
		w.server.line.send(n)
		n, err := w.ResponseWriter.Write(p[:n])
		w.server.bytes.Add(int64(n))
		sent += n
		if err != nil {
			return sent, err
		}
		p = p[n:]
	}
	return sent, nil
}

// line is what all answers share.
type line struct {
	rate int64 // bytes a second

	mu   sync.Mutex
	free time.Time // when all bytes that were sent so far have passed
}

// late is how much later than it wants a goroutine may wake up, so that the rate
// is right nonetheless.
const late = 50 * time.Millisecond

// send returns when n bytes have passed.
func (l *line) send(n int) {
	l.mu.Lock()
	if earliest := time.Now().Add(-late); l.free.Before(earliest) {
		l.free = earliest
	}
	l.free = l.free.Add(time.Duration(int64(n) * int64(time.Second) / l.rate))
	until := l.free
	l.mu.Unlock()
	time.Sleep(time.Until(until))
}
