// Command wasmrun runs a GOOS=js binary on wazero, for `go test -exec` and `go run -exec`:
//
//	go build -o /tmp/wasmrun ./internal/jshost/wasmrun
//	GOOS=js GOARCH=wasm go test -exec /tmp/wasmrun ./...
//
// The program has the working directory, its files, and the environment variables that tests look at: all of it has to
// fit into 8 kB with the arguments.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/larderdb/larder/internal/jshost"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: wasmrun program.wasm [arguments]")
		os.Exit(2)
	}
	os.Exit(run(os.Args[1], os.Args[2:]))
}

// run returns the exit code of the program.
func run(wasm string, args []string) int {
	realm, err := jshost.NewRealm(jshost.Config{})
	if err != nil {
		fmt.Fprintln(os.Stderr, "wasmrun:", err)
		return 2
	}
	defer realm.Close()
	ctx := context.Background()
	dir, err := os.Getwd()
	if err != nil {
		fmt.Fprintln(os.Stderr, "wasmrun:", err)
		return 2
	}
	program, err := realm.Start(ctx, jshost.Command{
		Wasm: wasm, Args: args, Env: environment(), Dir: dir, Stdout: os.Stdout, Stderr: os.Stderr,
	})
	if err == nil {
		err = program.Wait(ctx)
	}
	var exit *jshost.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.Code
	default:
		fmt.Fprintln(os.Stderr, "wasmrun:", err)
		return 2
	}
}

// environment is what a program gets to see of this process's environment.
func environment() map[string]string {
	env := map[string]string{"TMPDIR": os.TempDir()}
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		for _, prefix := range []string{"GO", "LARDER_", "HOME", "TZ"} {
			if strings.HasPrefix(name, prefix) {
				env[name] = value
			}
		}
	}
	return env
}
