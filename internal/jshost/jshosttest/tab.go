package jshosttest

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/larderdb/larder/internal/jshost"
)

// NewRealm returns a realm that is closed when the test has ended.
func NewRealm(tb testing.TB, config jshost.Config) *jshost.Realm {
	tb.Helper()
	realm, err := jshost.NewRealm(config)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(realm.Close)
	return realm
}

// A Tab is a program with what it has printed, which may be read when the program is gone.
type Tab struct {
	*jshost.Program
	Stdout, Stderr bytes.Buffer
}

// Start starts a program; c names no Stdout and no Stderr. The test fails at once if the program can't be started.
func Start(tb testing.TB, realm *jshost.Realm, c jshost.Command) *Tab {
	tb.Helper()
	var tab Tab
	c.Stdout, c.Stderr = &tab.Stdout, &tab.Stderr
	p, err := realm.Start(tb.Context(), c)
	if err != nil {
		tb.Fatal(err)
	}
	tab.Program = p
	return &tab
}

// Run runs a program to its end and returns what it printed. The test fails at once unless its exit code is 0.
func Run(tb testing.TB, realm *jshost.Realm, c jshost.Command) string {
	tb.Helper()
	tab := Start(tb, realm, c)
	if err := tab.Wait(tb.Context()); err != nil {
		tb.Fatalf("%q: %v\n%s", c.Args, err, &tab.Stderr)
	}
	return tab.Stdout.String()
}

// Eval evaluates source in p, for a minute at most, and fails the test at once unless it comes to want, a value as
// Program.Eval returns it.
func Eval(tb testing.TB, p *jshost.Program, source string, want any) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), time.Minute)
	defer cancel()
	got, err := p.Eval(ctx, source)
	if err != nil {
		tb.Fatalf("%.300s: %v", source, err)
	}
	if got != want {
		tb.Fatalf("%.300s = %v (%T), want %v (%T)", source, got, got, want, want)
	}
}
