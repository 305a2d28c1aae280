package idb

import (
	"context"
	"runtime"
	"sync"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/pagetree"
)

// A cache keeps pages in memory, as many as its budget allows. It is safe for
// concurrent use.
//
// Which page goes when another comes is decided by a clock: a hand goes round
// over the pages, spares those that were used since it came by last, and takes
// the first that wasn't. A page that was read once, by a scan say, goes on the
// hand's next round.
type cache struct {
	// fetch returns the pages of those ids, or for each why there is none.
	fetch  func(pages []pagetree.ID) ([][]byte, []error)
	budget int // bytes

	mu      sync.Mutex
	closed  bool
	pages   map[pagetree.ID]*cached
	ring    []*cached // nil where there is none
	free    []int     // where that is
	hand    int
	size    int // bytes of the pages in ring
	reserve int // bytes of the budget that something else takes
	flights map[pagetree.ID]*flight
	wanted  []pagetree.ID // flights that nobody has asked fetch for yet
	senders sync.WaitGroup
}

// A cached page is one in memory.
type cached struct {
	id    pagetree.ID
	page  *pagetree.Page
	place int // in the ring
}

// A flight is a page that is being fetched.
type flight struct {
	done chan struct{} // closed when page and err are set
	page *pagetree.Page
	err  error
}

const (
	defaultCacheSize = 64 << 20
	minCacheSize     = 1 << 20

	// fetchCount bounds the pages that are fetched at once.
	fetchCount = 128
	// aheadCount bounds the pages under way that nobody waits for yet. They take
	// no more than a quarter of the budget, if they are as long as most, so that
	// they are still there when they are wanted.
	aheadCount = 64
	commonPage = 32 << 10
)

func newCache(budget int, fetch func(pages []pagetree.ID) ([][]byte, []error)) *cache {
	return &cache{
		fetch: fetch, budget: budget,
		pages: map[pagetree.ID]*cached{}, flights: map[pagetree.ID]*flight{},
	}
}

// page returns a page. If it would have to
// wait and inMemory is set, it is [backend.ErrNotInMemory]. When ctx is done
// first, it is ctx's error.
func (c *cache) page(ctx context.Context, page pagetree.ID, inMemory bool) (*pagetree.Page, error) {
	c.mu.Lock()
	if p := c.pages[page]; p != nil {
		p.page.Use()
		c.mu.Unlock()
		return p.page, nil
	}
	if inMemory {
		c.mu.Unlock()
		return nil, backend.ErrNotInMemory
	}
	f := c.want(page)
	c.mu.Unlock()
	select {
	case <-f.done:
		return f.page, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// ahead begins to fetch pages that aren't in memory, but no more than a few.
func (c *cache) ahead(pages []pagetree.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	most := min(aheadCount, c.budget/4/commonPage)
	for _, page := range pages {
		if len(c.flights) >= most {
			return
		}
		if c.pages[page] == nil {
			c.want(page)
		}
	}
}

// want returns the flight of a page, a new one if there is none.
func (c *cache) want(page pagetree.ID) *flight {
	f := c.flights[page]
	switch {
	case f != nil:
		return f
	case c.closed:
		f = &flight{done: make(chan struct{}), err: &backend.Error{Class: backend.ErrClosed}}
		close(f.done)
		return f
	}
	f = &flight{done: make(chan struct{})}
	c.flights[page] = f
	c.wanted = append(c.wanted, page)
	if len(c.wanted) == 1 {
		c.senders.Go(c.send)
	}
	return f
}

// send fetches what is wanted, at once for all goroutines that can run at the
// moment.
func (c *cache) send() {
	runtime.Gosched()
	for {
		c.mu.Lock()
		n := min(len(c.wanted), fetchCount)
		pages := c.wanted[:n:n]
		c.wanted = c.wanted[n:]
		c.mu.Unlock()
		if n == 0 {
			return
		}
		b, errs := c.fetch(pages)
		for i, page := range pages {
			if errs[i] == nil {
				errs[i] = pagetree.Check(page, b[i])
			}
			c.land(page, b[i], errs[i])
		}
	}
}

// land ends the flight of a page.
func (c *cache) land(page pagetree.ID, b []byte, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.flights[page]
	delete(c.flights, page)
	if f.err = err; err == nil {
		f.page = pagetree.Open(b)
		c.keep(page, f.page)
	}
	close(f.done)
}

// add puts a page into memory, which has passed [pagetree.Check] or was just
// written.
func (c *cache) add(page pagetree.ID, b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep(page, pagetree.Open(b))
}

// keep puts a page into memory, and others out of it. A page that would take
// a quarter of the budget isn't kept.
func (c *cache) keep(id pagetree.ID, page *pagetree.Page) {
	if c.pages[id] != nil || page.Size() > c.budget/4 {
		return
	}
	c.shrink(c.budget - c.reserve - page.Size())
	page.Keep()
	// The place behind the hand is the last that it comes to.
	p := &cached{id: id, page: page, place: len(c.ring)}
	if n := len(c.free); n > 0 {
		p.place, c.free = c.free[n-1], c.free[:n-1]
		c.ring[p.place] = p
	} else {
		c.ring = append(c.ring, p)
	}
	c.pages[id] = p
	c.size += page.Size()
}

// shrink takes pages out of memory until at most so many bytes are left.
func (c *cache) shrink(size int) {
	for c.size > max(size, 0) {
		c.hand %= len(c.ring)
		switch p := c.ring[c.hand]; {
		case p == nil:
		case p.page.Idle():
			c.remove(p)
		}
		c.hand++
	}
}

// yield lets something else take n bytes of the budget, but no more than half
// of it.
func (c *cache) yield(n uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reserve = int(min(n, uint64(c.budget/2)))
	c.shrink(c.budget - c.reserve)
}

// forget takes pages that were deleted out of memory.
func (c *cache) forget(pages []uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, page := range pages {
		if p := c.pages[pagetree.ID(page)]; p != nil {
			c.remove(p)
		}
	}
}

// remove takes a page out of memory.
func (c *cache) remove(p *cached) {
	c.ring[p.place] = nil
	c.free = append(c.free, p.place)
	delete(c.pages, p.id)
	p.page.Drop()
	c.size -= p.page.Size()
}

// room returns how many bytes of pages can come without others having to go.
func (c *cache) room() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return max(0, c.budget-c.reserve-c.size-len(c.flights)*commonPage)
}

// bytes returns how many bytes of pages are in memory.
func (c *cache) bytes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.size
}

// close waits for what is being fetched. What is wanted after it is
// [backend.ErrClosed].
func (c *cache) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.senders.Wait()
}
