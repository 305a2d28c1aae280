package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/andybalholm/brotli"
)

var long = strings.Repeat("the same line\n", 500)

// demo is a folder with one file of each kind.
func demo() fstest.MapFS {
	file := func(text string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte(text), ModTime: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	}
	return fstest.MapFS{
		"index.html":         file("<!doctype html>"),
		"app.js":             file(long),
		"larder/larder.wasm": file("\x00asm" + long),
		"cities/index.json":  file("{}"),
		"test/index.html":    file("<!doctype html><title>test</title>"),
		"lib.mjs":            file("export {}"),
		"LICENSE":            file("MIT"),
	}
}

func get(h http.Handler, target string, header ...string) *http.Response {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func TestSiteServes(t *testing.T) {
	tests := []struct {
		target, contentType, body string
	}{
		{"/", "text/html; charset=utf-8", "<!doctype html>"},
		{"/index.html", "text/html; charset=utf-8", "<!doctype html>"},
		{"/test/", "text/html; charset=utf-8", "<!doctype html><title>test</title>"},
		{"/app.js?x=1", "text/javascript; charset=utf-8", long},
		{"/lib.mjs", "text/javascript; charset=utf-8", "export {}"},
		{"/larder/larder.wasm", "application/wasm", "\x00asm" + long},
		{"/cities/index.json", "application/json", "{}"},
		{"/LICENSE", "application/octet-stream", "MIT"},
	}
	h := newSite(demo())
	for _, tt := range tests {
		t.Run(tt.target, func(t *testing.T) {
			res := get(h, tt.target)
			body, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			if res.StatusCode != http.StatusOK || string(body) != tt.body {
				t.Errorf("status %d, body of %d bytes, want 200 and %d bytes", res.StatusCode, len(body), len(tt.body))
			}
			if got := res.Header.Get("Content-Type"); got != tt.contentType {
				t.Errorf("Content-Type = %q, want %q", got, tt.contentType)
			}
			if got := res.Header.Get("X-Content-Type-Options"); got != "nosniff" {
				t.Errorf("X-Content-Type-Options = %q, want nosniff", got)
			}
			scripts := "script-src 'self' 'wasm-unsafe-eval';"
			if strings.HasPrefix(tt.target, "/test/") {
				scripts = "script-src 'self' 'wasm-unsafe-eval' 'unsafe-eval';"
			}
			if got := res.Header.Get("Content-Security-Policy"); !strings.Contains(got, scripts) {
				t.Errorf("Content-Security-Policy = %q, want %s", got, scripts)
			}
		})
	}
}

func TestSiteRefuses(t *testing.T) {
	h := newSite(demo())
	for _, target := range []string{"/none", "/test/none/", "/../site.go", "/%2e%2e/site.go", "/index.html/"} {
		if res := get(h, target); res.StatusCode != http.StatusNotFound {
			t.Errorf("GET %s = %d, want 404", target, res.StatusCode)
		}
	}
	res := get(h, "/test")
	if got := res.Header.Get("Location"); res.StatusCode != http.StatusMovedPermanently || got != "/test/" {
		t.Errorf("GET /test = %d to %q, want 301 to /test/", res.StatusCode, got)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST / = %d, Allow %q, want 405 and GET, HEAD", w.Code, w.Header().Get("Allow"))
	}
}

func TestSiteCompresses(t *testing.T) {
	tests := []struct {
		accept, encoding string
		open             func(io.Reader) (io.Reader, error)
	}{
		{"", "", func(r io.Reader) (io.Reader, error) { return r, nil }},
		{"deflate", "", func(r io.Reader) (io.Reader, error) { return r, nil }},
		{"br;q=0, gzip;q=0.0", "", func(r io.Reader) (io.Reader, error) { return r, nil }},
		{"gzip, deflate", "gzip", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
		{"gzip, br;q=0", "gzip", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
		{"gzip, deflate, br, zstd", "br", func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil }},
	}
	h := newSite(demo())
	etags := map[string]string{}
	for _, tt := range tests {
		t.Run(tt.accept, func(t *testing.T) {
			res := get(h, "/app.js", "Accept-Encoding", tt.accept)
			if got := res.Header.Get("Content-Encoding"); got != tt.encoding {
				t.Fatalf("Content-Encoding = %q, want %q", got, tt.encoding)
			}
			if got := res.Header.Get("Vary"); got != "Accept-Encoding" {
				t.Errorf("Vary = %q, want Accept-Encoding", got)
			}
			r, err := tt.open(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(r)
			if err != nil || string(body) != long {
				t.Errorf("body of %d bytes, %v, want the file's %d", len(body), err, len(long))
			}
			etags[tt.encoding] = res.Header.Get("ETag")
		})
	}
	if etags[""] == etags["gzip"] || etags["gzip"] == etags["br"] {
		t.Errorf("ETags %q: each encoding needs its own", etags)
	}
	if res := get(h, "/lib.mjs", "Accept-Encoding", "br"); res.Header.Get("Content-Encoding") != "" {
		t.Error("a small file is compressed, want it as it is")
	}
}

func TestSiteKnowsWhatTheBrowserHas(t *testing.T) {
	files := demo()
	h := newSite(files)
	etag := get(h, "/app.js", "Accept-Encoding", "br").Header.Get("ETag")
	res := get(h, "/app.js", "Accept-Encoding", "br", "If-None-Match", etag)
	if res.StatusCode != http.StatusNotModified {
		t.Errorf("with the file's ETag: %d, want 304", res.StatusCode)
	}
	if got := res.Header.Get("Cache-Control"); got != "no-cache" {
		t.Errorf("Cache-Control = %q, want no-cache", got)
	}
	// A new build shows at once.
	changed := strings.ToUpper(long)
	files["app.js"] = &fstest.MapFile{Data: []byte(changed), ModTime: time.Date(2026, 1, 2, 3, 4, 6, 0, time.UTC)}
	res = get(h, "/app.js", "If-None-Match", etag)
	var body bytes.Buffer
	if _, err := body.ReadFrom(res.Body); err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK || body.String() != changed {
		t.Errorf("after a change: %d with %d bytes, want 200 and the new file", res.StatusCode, body.Len())
	}
}
