// Larder is the project's command:
//
//	larder serve [-addr localhost:8080] [-dir build/demo]
//
// Serve serves a folder, by default the demo that `make demo` builds, and
// prints its address.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const usage = `larder is an embedded store's command.

Usage:

	larder serve [-addr host:port] [-dir folder]   serve the demo

Each command lists its flags with -h.
`

// errUsage is returned when the arguments can't be understood; what is wrong
// with them has been printed.
var errUsage = errors.New("wrong arguments")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, errUsage):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "larder:", err)
		os.Exit(1)
	}
}

// run runs the command that args name until it is done or ctx is.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return errUsage
	}
	switch args[0] {
	case "serve":
		return serve(ctx, args[1:], stdout, stderr)
	case "help", "-h", "-help", "--help":
		fmt.Fprint(stdout, usage)
		return nil
	}
	fmt.Fprintf(stderr, "larder: no command %q\n\n%s", args[0], usage)
	return errUsage
}

// parse parses a command's flags; it takes no arguments beside them.
func parse(flags *flag.FlagSet, args []string) error {
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return err
	}
	if err == nil && flags.NArg() > 0 {
		fmt.Fprintf(flags.Output(), "larder %s: unexpected argument %q\n", flags.Name(), flags.Arg(0))
		err = errUsage
	}
	if err != nil {
		return errUsage
	}
	return nil
}
