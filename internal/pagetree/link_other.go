//go:build !(js && wasm)

package pagetree

import "sync/atomic"

type (
	pageRef struct{ p atomic.Pointer[Page] }
	linkRef struct{ l atomic.Pointer[link] }
	flag    struct{ on atomic.Bool }
)

func (r *pageRef) load() *Page   { return r.p.Load() }
func (r *pageRef) store(p *Page) { r.p.Store(p) }
func (r *linkRef) load() *link   { return r.l.Load() }
func (r *linkRef) store(l *link) { r.l.Store(l) }
func (f *flag) load() bool       { return f.on.Load() }
func (f *flag) store(on bool) {
	if f.on.Load() != on { // or processors would take the memory from each other
		f.on.Store(on)
	}
}
