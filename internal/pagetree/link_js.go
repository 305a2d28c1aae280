//go:build js && wasm

package pagetree

// Here is one thread, and it changes goroutines in calls only: what is one
// access is atomic. Package atomic's functions are two calls each.
type (
	pageRef struct{ p *Page }
	linkRef struct{ l *link }
	flag    struct{ on bool }
)

func (r *pageRef) load() *Page   { return r.p }
func (r *pageRef) store(p *Page) { r.p = p }
func (r *linkRef) load() *link   { return r.l }
func (r *linkRef) store(l *link) { r.l = l }
func (f *flag) load() bool       { return f.on }
func (f *flag) store(on bool)    { f.on = on }
