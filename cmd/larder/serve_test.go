package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "index.html"), []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestServe(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, []string{"serve", "-addr", "localhost:0", "-dir", folder(t)}, w, io.Discard)
	}()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url := regexp.MustCompile(`http://localhost:[1-9]\d*/`).FindString(line)
	if url == "" {
		t.Fatalf("serve says %q, want its address", line)
	}
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil || string(body) != "hello" {
		t.Errorf("GET %s = %q, %v, want hello", url, body, err)
	}
	// A file is no folder, and nothing outside of the folder is served.
	for _, target := range []string{"index.html/", "%2e%2e/serve.go", "none"} {
		res, err := http.Get(url + target)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusNotFound {
			t.Errorf("GET %s = %d, want 404", target, res.StatusCode)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("serve, ended = %v, want nil", err)
	}
	if _, err := http.Get(url); err == nil {
		t.Error("GET after the end = nil, want an error")
	}
}

func TestServeSaysWhatIsWrong(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"port taken", []string{"-addr", taken.Addr().String(), "-dir", folder(t)}, "is taken by another program; try -addr 127.0.0.1:"},
		{"no port", []string{"-addr", "localhost", "-dir", folder(t)}, "-addr is host:port"},
		{"no folder", []string{"-dir", filepath.Join(t.TempDir(), "none")}, "`make demo` builds the demo"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := run(t.Context(), append([]string{"serve"}, tt.args...), io.Discard, io.Discard)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("serve = %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestWrongArguments(t *testing.T) {
	tests := []struct {
		args []string
		want string
	}{
		{nil, "Usage:"},
		{[]string{"unknown"}, `no command "unknown"`},
		{[]string{"serve", "-port", "1"}, "-port"},
		{[]string{"serve", "there"}, `unexpected argument "there"`},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			var stderr bytes.Buffer
			err := run(t.Context(), tt.args, io.Discard, &stderr)
			if !errors.Is(err, errUsage) || !strings.Contains(stderr.String(), tt.want) {
				t.Errorf("run = %v, %q, want errUsage and %q", err, stderr.String(), tt.want)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if err := run(t.Context(), []string{"help"}, &stdout, &stderr); err != nil || !strings.Contains(stdout.String(), "larder serve") {
		t.Errorf("help = %v, %q, want the commands", err, stdout.String())
	}
	if err := run(t.Context(), []string{"serve", "-h"}, &stdout, &stderr); err != nil || !strings.Contains(stderr.String(), "-addr") {
		t.Errorf("serve -h = %v, %q, want the flags", err, stderr.String())
	}
}
