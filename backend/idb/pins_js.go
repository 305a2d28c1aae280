//go:build js && wasm

package idb

import (
	"context"
	"strconv"
	"sync"
)

// pageLock begins the names of the locks that pins hold; the checkpoint's
// ordinal ends them.
const pageLock = "pages:"

// pins tell other contexts which checkpoints this one still reads, so that they
// keep their pages: for each it holds a shared Web Lock. The browser takes the
// locks of a tab or worker away with it.
//
// A lock is asked for and let go in the background. Until it is there, the pages
// are safe because what was replaced only lately is kept anyway. A page that the
// browser puts to sleep holds nothing; what it wants to read may be gone when
// it wakes.
type pins struct {
	locks *locks

	mu      sync.Mutex
	asleep  bool
	pinned  map[uint64]*pin
	last    *pin // the one of pinned that was held last, or nil
	workers sync.WaitGroup
}

// A pin is the lock on one checkpoint.
type pin struct {
	ordinal uint64
	holders int
	stop    context.CancelFunc // lets go of the lock, or of asking for it; nil without one
}

func newPins(l *locks) *pins { return &pins{locks: l, pinned: map[uint64]*pin{}} }

// hold keeps the pages of the checkpoint of that ordinal until release was
// called as often. Holding a checkpoint that is held already costs nothing.
func (p *pins) hold(ordinal uint64) {
	p.mu.Lock()
	one := p.find(ordinal)
	if one == nil {
		one = &pin{ordinal: ordinal}
		p.pinned[ordinal] = one
	}
	p.last = one
	one.holders++
	if one.stop == nil && !p.asleep {
		p.lock(one)
	}
	p.mu.Unlock()
}

// find returns the pin on a checkpoint, or nil. Nearly all transactions read the
// same one.
func (p *pins) find(ordinal uint64) *pin {
	if p.last != nil && p.last.ordinal == ordinal {
		return p.last
	}
	return p.pinned[ordinal]
}

// release ends one hold.
func (p *pins) release(ordinal uint64) {
	p.mu.Lock()
	one := p.find(ordinal)
	if one.holders--; one.holders == 0 {
		one.unlock()
		delete(p.pinned, ordinal)
		p.last = nil
	}
	p.mu.Unlock()
}

// oldest returns the oldest checkpoint that is held here, or newest when there
// is none older.
func (p *pins) oldest(newest uint64) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	for ordinal := range p.pinned {
		newest = min(newest, ordinal)
	}
	return newest
}

// lock takes the lock of one, which has none, in the background.
func (p *pins) lock(one *pin) {
	if !p.locks.exist() {
		return
	}
	wanted, stop := context.WithCancel(context.Background())
	one.stop = stop
	p.workers.Go(func() {
		l, err := p.locks.request(wanted, pageLock+strconv.FormatUint(one.ordinal, 10), shared, queue)
		if err == nil {
			<-wanted.Done()
			l.release()
		}
	})
}

func (one *pin) unlock() {
	if one.stop != nil {
		one.stop()
		one.stop = nil
	}
}

// sleep lets go of all locks until wake.
func (p *pins) sleep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asleep = true
	for _, one := range p.pinned {
		one.unlock()
	}
}

// wake takes the locks again that are still wanted.
func (p *pins) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asleep = false
	for _, one := range p.pinned {
		if one.stop == nil {
			p.lock(one)
		}
	}
}

// close lets go of everything.
func (p *pins) close() {
	p.sleep()
	p.workers.Wait()
}
