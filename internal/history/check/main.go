// Command check judges histories: the files that its arguments name. With
// -views it also holds plain Views to their promises, for which the history
// must number its commits. It fails when one breaks a promise, and leaves a
// picture of a history without order beside its file.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/larderdb/larder/internal/history"
)

func main() {
	views := flag.Bool("views", false, "check plain Views as well")
	timeout := flag.Duration("timeout", 5*time.Minute, "how long to look for an order of one history")
	flag.Parse()
	failed := flag.NArg() == 0
	if failed {
		flag.Usage()
	}
	for _, name := range flag.Args() {
		ops, err := read(name)
		if err == nil {
			err = history.CheckLinearizable(ops, *timeout, name+".html")
		}
		if err == nil && *views {
			err = history.CheckViews(ops)
		}
		if err != nil {
			failed = true
			fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
			continue
		}
		fmt.Printf("%s: %d transactions in order\n", name, len(ops))
	}
	if failed {
		os.Exit(1)
	}
}

func read(name string) ([]history.Op, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return history.Read(f)
}
