package backend

import "context"

// Durability is what has happened to a commit when Update returns nil.
type Durability uint8

const (
	// Default is the store's own durability: Strict where the engine knows
	// nothing less (bolt), Relaxed in a browser.
	Default Durability = iota
	// Relaxed means that the platform has taken the commit over: it survives
	// the program's crash, and may be lost with the machine's power.
	Relaxed
	// Strict means that the commit was flushed to the disk.
	Strict
	// Async means that the commit is on its way to the platform: it gets there
	// in order, within 50 ms while the program runs, and the newest of such
	// commits may be lost with the program. [Flush] and Close wait for them. An
	// engine grants it only where nobody else can write meanwhile and, in a
	// browser, in a page that is seen, and gives Relaxed or more elsewhere.
	Async
)

// TxOptions ask for more of one transaction than its store gives by default.
// The zero value asks for nothing.
type TxOptions struct {
	// Durability of an Update. An engine may give more than it is asked for,
	// never less; one that keeps nothing (memory) ignores it.
	Durability Durability
	// Fresh makes a View's snapshot hold every commit that any process or tab
	// acknowledged before the View began, at the price of asking the platform.
	Fresh bool
	// Cached makes reads that would have to wait for the platform fail with
	// [ErrNotInMemory] in place of waiting.
	Cached bool
}

type txOptionsKey struct{}

// WithTxOptions returns a context whose transactions have the options o.
func WithTxOptions(ctx context.Context, o TxOptions) context.Context {
	return context.WithValue(ctx, txOptionsKey{}, o)
}

// TxOptionsOf returns the options that ctx carries, for engines.
func TxOptionsOf(ctx context.Context) TxOptions {
	o, _ := ctx.Value(txOptionsKey{}).(TxOptions)
	return o
}
