package console

import (
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
)

// compressed has text of pages and of the API compressed for clients that ask
// for it. Ranges and files of images stay as they are; those have ETags that
// name their bytes.
func compressed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead || r.Header.Get("Range") != "" || !acceptsGzip(r) {
			next.ServeHTTP(w, r)
			return
		}
		g := &gzipWriter{ResponseWriter: w}
		next.ServeHTTP(g, r)
		g.close() // not after a panic: an answer that broke off has no end
	})
}

// acceptsGzip says whether the client takes gzip.
func acceptsGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(coding), ";")
		if name != "gzip" && name != "*" {
			continue
		}
		q, isWeight := strings.CutPrefix(strings.TrimSpace(weight), "q=")
		value, err := strconv.ParseFloat(q, 64)
		return !isWeight || err == nil && value > 0
	}
	return false
}

// gzipWriter compresses an answer of a kind that gets smaller.
type gzipWriter struct {
	http.ResponseWriter
	started bool
	gzip    *gzip.Writer // nil for what stays as it is
}

func (g *gzipWriter) WriteHeader(status int) {
	if g.started {
		return
	}
	g.started = true
	h := g.Header()
	if status == http.StatusOK && isText(h.Get("Content-Type")) && h.Get("Content-Encoding") == "" {
		h.Add("Vary", "Accept-Encoding")
		h.Set("Content-Encoding", "gzip")
		h.Del("Content-Length")
		h.Del("Accept-Ranges")
		if tag := h.Get("ETag"); tag != "" { // the same content in other bytes
			h.Set("ETag", "W/"+strings.TrimPrefix(tag, "W/"))
		}
		g.gzip, _ = gzip.NewWriterLevel(g.ResponseWriter, gzip.BestSpeed)
	}
	g.ResponseWriter.WriteHeader(status)
}

func isText(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	return kind == "text/html" || kind == "text/css" || kind == "text/javascript" || kind == "text/plain" || kind == "application/json"
}

func (g *gzipWriter) Write(p []byte) (int, error) {
	g.WriteHeader(http.StatusOK)
	if g.gzip != nil {
		return g.gzip.Write(p)
	}
	return g.ResponseWriter.Write(p)
}

// close ends the stream of an answer that was written to its end.
func (g *gzipWriter) close() {
	if g.gzip != nil {
		g.gzip.Close()
	}
}

// Unwrap lets a response controller reach the writer.
func (g *gzipWriter) Unwrap() http.ResponseWriter { return g.ResponseWriter }
