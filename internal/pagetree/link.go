package pagetree

// A link leads from an inner node to a page below it for as long as that is kept
// in memory, so that who goes down a tree needn't ask [Pages] for each page.
// Nodes refer to the link and not to the page, or a page could not leave the
// memory before what leads to it.
type link struct {
	page pageRef
	used flag // since Page.Idle was asked last
}

// Keep says that the page stays in memory until Drop is called. It is for
// [Pages] that keep pages, before they hand the page out.
func (p *Page) Keep() {
	p.link = new(link)
	p.link.page.store(p)
}

// Drop ends Keep. Who has the page can go on using it.
func (p *Page) Drop() { p.link.page.store(nil) }

// Use notes that a page that is kept was asked for.
func (p *Page) Use() { p.link.used.store(true) }

// Idle reports whether a page that is kept wasn't used since the last call, be
// it that it was asked for or found without asking.
func (p *Page) Idle() bool {
	used := p.link.used.load()
	p.link.used.store(false)
	return !used
}

// follow returns the page that l leads to, nil where that isn't known.
func (l *link) follow() *Page {
	if l == nil {
		return nil
	}
	p := l.page.load()
	if p != nil {
		l.used.store(true)
	}
	return p
}
