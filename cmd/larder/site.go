package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/andybalholm/brotli"
)

// contentTypes are those of the files that are served. Types by the system's
// own tables differ from machine to machine, and a browser refuses a module or
// a streamed wasm file of a wrong one.
var contentTypes = map[string]string{
	".css":   "text/css; charset=utf-8",
	".html":  "text/html; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".json":  "application/json",
	".map":   "application/json",
	".mjs":   "text/javascript; charset=utf-8",
	".png":   "image/png",
	".svg":   "image/svg+xml",
	".txt":   "text/plain; charset=utf-8",
	".wasm":  "application/wasm",
	".woff2": "font/woff2",
}

// policy allows a page what the demo does, and nothing else: files of its own
// origin, WebAssembly, and images and downloads that it makes itself.
const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; " +
	"style-src 'self'; img-src 'self' data: blob:; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// testPolicy is that of the folder test. The tests there put faults into the
// platform's own functions, by scripts that they evaluate.
var testPolicy = strings.Replace(policy, "'wasm-unsafe-eval'", "'wasm-unsafe-eval' 'unsafe-eval'", 1)

// minCompressed is the size from which compressing a file is worth it.
const minCompressed = 1024

// A site serves the files of a folder, compressed where the browser takes it. A
// file is read and compressed once and kept until it changes. It is safe for
// concurrent use.
type site struct {
	files fs.FS

	mu   sync.Mutex
	kept map[variant]body
}

// A variant is a file in one encoding.
type variant struct {
	name, encoding string
}

// A body is what is sent for a variant.
type body struct {
	modified time.Time
	size     int64 // of the file; with modified, tells whether it changed
	etag     string
	data     []byte
}

// newSite returns a handler that serves files.
func newSite(files fs.FS) *site {
	return &site{files: files, kept: map[variant]body{}}
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", policy)
	if strings.HasPrefix(r.URL.Path, "/test/") {
		header.Set("Content-Security-Policy", testPolicy)
	}
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD are answered here", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	if strings.HasSuffix(r.URL.Path, "/") {
		name = path.Join(name, "index.html")
	}
	info, err := fs.Stat(s.files, name)
	if err != nil {
		http.Error(w, "no such file: "+r.URL.Path, http.StatusNotFound)
		return
	}
	if info.IsDir() {
		// Only the path is used: what a browser sends as a host can't lead elsewhere.
		http.Redirect(w, r, "/"+name+"/", http.StatusMovedPermanently)
		return
	}
	ext := path.Ext(name)
	contentType, known := contentTypes[ext]
	if !known {
		contentType = "application/octet-stream"
	}
	encoding := ""
	if known && info.Size() >= minCompressed && ext != ".png" && ext != ".woff2" {
		header.Set("Vary", "Accept-Encoding")
		encoding = accepted(r.Header.Get("Accept-Encoding"))
	}
	b, err := s.body(variant{name, encoding}, info)
	if err != nil {
		http.Error(w, "the file can't be read", http.StatusInternalServerError)
		return
	}
	if encoding != "" {
		header.Set("Content-Encoding", encoding)
	}
	header.Set("Content-Type", contentType)
	header.Set("Cache-Control", "no-cache") // kept, and asked for again: a new build shows at the next reload
	header.Set("ETag", b.etag)
	http.ServeContent(w, r, name, b.modified, bytes.NewReader(b.data))
}

// body returns what is sent for v, the file that info describes.
func (s *site) body(v variant, info fs.FileInfo) (body, error) {
	s.mu.Lock()
	b, ok := s.kept[v]
	s.mu.Unlock()
	if ok && b.size == info.Size() && b.modified.Equal(info.ModTime()) {
		return b, nil
	}
	data, err := fs.ReadFile(s.files, v.name)
	if err != nil {
		return body{}, err
	}
	sum := sha256.Sum256(data)
	b = body{modified: info.ModTime(), size: info.Size()}
	b.etag = `"` + hex.EncodeToString(sum[:12]) + v.encoding + `"`
	if b.data, err = compress(data, v.encoding); err != nil {
		return body{}, err
	}
	s.mu.Lock()
	s.kept[v] = b
	s.mu.Unlock()
	return b, nil
}

// compress returns data in encoding, at a level that takes moments, not
// seconds: "br", "gzip", or as it is for "".
func compress(data []byte, encoding string) ([]byte, error) {
	var out bytes.Buffer
	var w io.WriteCloser
	switch encoding {
	case "br":
		w = brotli.NewWriterLevel(&out, 5)
	case "gzip":
		w = gzip.NewWriter(&out)
	default:
		return data, nil
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// accepted returns the best of our encodings that an Accept-Encoding header
// allows, "" if it is none.
func accepted(header string) string {
	allowed := map[string]bool{}
	for part := range strings.SplitSeq(header, ",") {
		name, parameter, _ := strings.Cut(part, ";")
		quality, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(parameter), "q="), 64)
		allowed[strings.ToLower(strings.TrimSpace(name))] = err != nil || quality > 0
	}
	for _, encoding := range []string{"br", "gzip"} {
		if allowed[encoding] {
			return encoding
		}
	}
	return ""
}
