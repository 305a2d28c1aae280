// Test runs the lanes of `make test` and says how each ended:
//
//	go run ./scripts/test [-jobs 2] [lane ...]
//
// It reads scripts/lanes. Without arguments all lanes run; an argument chooses
// the lane of that name, or all whose names begin with it and a hyphen. The
// last line counts the tests of all lanes that ran, `N passed, N failed`, and
// the exit status is 1 unless every lane ran and nothing failed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/larderdb/larder/scripts/results"
)

// laneTimeout ends a lane that hangs. It is far beyond what a lane needs: the
// tools inside have limits of their own, with better messages.
const laneTimeout = 25 * time.Minute

func main() {
	jobs := flag.Int("jobs", 2, "how many lanes may run beside each other")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ok, err := run(ctx, *jobs, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// run runs the chosen lanes and reports whether all is well.
func run(ctx context.Context, jobs int, names []string) (bool, error) {
	if jobs < 1 {
		return false, fmt.Errorf("-jobs %d: at least one lane must run", jobs)
	}
	f, err := os.Open(filepath.FromSlash("scripts/lanes"))
	if err != nil {
		return false, fmt.Errorf("run this in the module's root: %w", err)
	}
	defer f.Close()
	lanes, err := parseLanes(f)
	if err != nil {
		return false, err
	}
	if lanes, err = choose(lanes, names); err != nil {
		return false, err
	}
	if err := os.MkdirAll(results.Dir, 0o755); err != nil {
		return false, err
	}
	began := time.Now()
	if slices.ContainsFunc(lanes, func(l lane) bool { return l.demo }) {
		if err := buildDemo(ctx); err != nil {
			return false, err
		}
	}
	reports := runAll(ctx, jobs, lanes)
	return summary(os.Stdout, reports, time.Since(began)), nil
}

// buildDemo builds what several lanes need, so that none does while another one
// uses it.
func buildDemo(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "bash", "scripts/demo.sh")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("scripts/demo.sh: %w\n%s", err, out)
	}
	return nil
}

// runAll runs lanes in their order, at most jobs beside each other, and those
// that must be alone after all the others have ended.
func runAll(ctx context.Context, jobs int, lanes []lane) []report {
	reports := make([]report, len(lanes))
	slots := make(chan struct{}, jobs)
	var printing sync.Mutex
	var wg sync.WaitGroup
	start := func(i int) {
		reports[i] = runLane(ctx, lanes[i])
		printing.Lock()
		defer printing.Unlock()
		reports[i].print(os.Stdout)
	}
	for i, l := range lanes {
		if l.alone {
			continue
		}
		slots <- struct{}{}
		wg.Go(func() {
			start(i)
			<-slots
		})
	}
	wg.Wait()
	for i, l := range lanes {
		if l.alone {
			start(i)
		}
	}
	return reports
}

// runLane runs one lane's script. Its output goes to build/results/<lane>.log,
// and the events of its tests to the file that $RESULTS names.
func runLane(ctx context.Context, l lane) report {
	rep := report{lane: l.name, log: filepath.Join(results.Dir, l.name+".log")}
	began := time.Now()
	rep.err = func() error {
		if err := os.Remove(results.Path(l.name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		log, err := os.Create(rep.log)
		if err != nil {
			return err
		}
		defer log.Close()
		ctx, cancel := context.WithTimeout(ctx, laneTimeout)
		defer cancel()
		cmd := exec.CommandContext(ctx, "bash", "scripts/lane/"+l.name+".sh")
		cmd.Env = append(os.Environ(), "LANE="+l.name, "RESULTS="+results.Path(l.name))
		cmd.Stdout, cmd.Stderr = log, log
		inOwnGroup(cmd)
		cmd.WaitDelay = 10 * time.Second
		err = cmd.Run()
		if ctx.Err() != nil {
			return fmt.Errorf("stopped after %v: %w", time.Since(began).Round(time.Second), ctx.Err())
		}
		return err
	}()
	rep.took = time.Since(began)
	tests, err := results.ReadLane(l.name)
	rep.tests = tests
	rep.err = errors.Join(rep.err, err)
	if rep.err == nil && len(tests) == 0 {
		rep.err = errors.New("no test ran")
	}
	return rep
}
