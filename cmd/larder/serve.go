package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// serve serves a folder until ctx is done.
func serve(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", "localhost:8080", "`host:port` to listen on; port 0 takes a free one")
	dir := flags.String("dir", filepath.FromSlash("build/demo"), "`folder` to serve")
	if err := parse(flags, args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	// A root keeps requests within the folder, symbolic links included.
	root, err := os.OpenRoot(*dir)
	if err != nil {
		return fmt.Errorf("serve: %w; `make demo` builds the demo", err)
	}
	defer root.Close()
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		return listenError(*addr, err)
	}
	server := &http.Server{Handler: newSite(root.FS()), ReadHeaderTimeout: 10 * time.Second}
	fmt.Fprintf(stdout, "Larder's demo is at http://%s/ (Ctrl-C ends it)\n", address(*addr, listener.Addr()))

	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	// Downloads may end; a browser's idle connections don't keep us.
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	if err := server.Shutdown(ending); err != nil {
		server.Close()
	}
	<-served
	return nil
}

// address returns host:port as a person types it: the host that was asked for,
// if one was, and the port that is used.
func address(asked string, got net.Addr) string {
	_, port, err := net.SplitHostPort(got.String())
	if err != nil {
		return got.String()
	}
	host, _, err := net.SplitHostPort(asked)
	if err != nil || host == "" {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// listenError says what to do when addr can't be listened on.
func listenError(addr string, err error) error {
	host, port, splitErr := net.SplitHostPort(addr)
	if splitErr != nil {
		return fmt.Errorf("serve: -addr is host:port: %w", err)
	}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("serve: port %s is taken by another program; try -addr %s%s", port, net.JoinHostPort(host, freePort(host)), demoHint)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("serve: port %s needs more rights; try -addr %s%s", port, net.JoinHostPort(host, freePort(host)), demoHint)
	}
	return fmt.Errorf("serve: %w", err)
}

// demoHint says how the demo's make target takes an address.
const demoHint = " (make demo ADDR=…)"

// freePort returns a port that was free a moment ago.
func freePort(host string) string {
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return "0"
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return "0"
	}
	return port
}
