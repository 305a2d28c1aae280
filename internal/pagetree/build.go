package pagetree

import "context"

// sizes are what pages are cut to, in bytes. A page in the middle of the tree
// may grow to one and a half times its target before it is cut, so that pages
// that were filled to the target, as those of ascending keys are, don't all
// fall in two with the next change.
type sizes struct {
	leaf, inner int // targets
	inline      int // longer values are pages of their own
}

// Leaves are as large as IndexedDB's cost per record suggests; inner nodes,
// one of each level of which is written with every change, are smaller.
var defaultSizes = sizes{leaf: 32 << 10, inner: 16 << 10, inline: 16 << 10}

func (s *sizes) target(level int) int {
	if level == 0 {
		return s.leaf
	}
	return s.inner
}

func (s *sizes) most(level int) int  { return s.target(level) * 3 / 2 }
func (s *sizes) least(level int) int { return s.target(level) / 4 }

// A builder makes a tree from its leaves up. Each level collects the entries of
// its next pages. Whole pages of the old tree come in between; where one
// meets entries that are too few for a page, they are joined.
type builder struct {
	ctx   context.Context
	tree  *Tree // the old one
	w     Writer
	sizes sizes

	levels [maxLevel + 2]level
	begun  bool // the tree has a first page
}

// A level is what belongs to pages of one level and is not yet in one.
type level struct {
	items []item
	bytes int    // that they take in a page
	lower []byte // of the leaves' first item: no key from there on is smaller, every key before is
}

// bound returns the lower bound of what is collected.
func (l *level) bound(level int) []byte {
	if level == 0 {
		return l.lower
	}
	return l.items[0].key
}

// pairs adds a leaf's pairs up to the one at to.
func (b *builder) pairs(f *frame, to int) error {
	for ; f.next < to; f.next++ {
		if err := b.add(f.item(f.next), f.lower); err != nil {
			return err
		}
	}
	return nil
}

// children keeps an inner node's children up to the one at to.
func (b *builder) children(f *frame, to int) error {
	for ; f.next < to; f.next++ {
		if err := b.keep(f.item(f.next), f.level-1, f.end(f.next)); err != nil {
			return err
		}
	}
	return nil
}

// add adds a pair, at or above lower.
func (b *builder) add(it item, lower []byte) error {
	if l := &b.levels[0]; len(l.items) == 0 {
		l.lower = lower
	}
	return b.push(0, it)
}

// push adds an entry of a page of the level.
func (b *builder) push(level int, it item) error {
	if level > 0 && !b.begun {
		b.begun, it.key = true, nil
	}
	l := &b.levels[level]
	l.items = append(l.items, it)
	l.bytes += it.length(level)
	// What remains is enough for pages that don't fall short, whatever follows.
	for l.bytes > b.sizes.target(level)+b.sizes.most(level) {
		if err := b.cut(level, b.fill(level)); err != nil {
			return err
		}
	}
	return nil
}

// fill returns how many of a level's items fill a page to its target.
func (b *builder) fill(level int) (n int) {
	items, left := b.levels[level].items, b.sizes.target(level)-b.overhead()
	for n < len(items) {
		if left -= items[n].length(level); left < 0 && n > 0 {
			break
		}
		n++
	}
	return n
}

// share returns how many of a level's items make the first of several pages of
// about the same length.
func (b *builder) share(level, pages int) (n int) {
	l := &b.levels[level]
	want := l.bytes / pages
	for n < len(l.items)-1 {
		size := l.items[n].length(level)
		if n > 0 && size/2 > want {
			break
		}
		want -= size
		n++
	}
	return n
}

// cut writes a page of a level's first n items.
func (b *builder) cut(level, n int) error {
	l := &b.levels[level]
	it, err := b.write(level, l.items[:n], l.bound(level))
	if err != nil {
		return err
	}
	for i := range n {
		l.bytes -= l.items[i].length(level)
	}
	if level == 0 && n < len(l.items) {
		l.lower = separator(l.items[n-1].key, l.items[n].key)
	}
	rest := copy(l.items, l.items[n:])
	clear(l.items[rest:])
	l.items = l.items[:rest]
	return b.push(level+1, it)
}

// separator returns the shortest bound between two keys.
func separator(last, next []byte) []byte {
	n := 0
	for n < len(last) && last[n] == next[n] {
		n++
	}
	return next[:n+1]
}

// flush writes all that a level has collected. At the table's end it fills
// pages: what comes later will most often be appended.
func (b *builder) flush(level int, atEnd bool) error {
	l := &b.levels[level]
	most := b.sizes.most(level) - b.overhead()
	for pages := (l.bytes + most - 1) / most; len(l.items) > 0; pages-- {
		n := len(l.items)
		switch {
		case l.bytes <= most:
		case atEnd:
			n = b.fill(level)
		default:
			n = b.share(level, max(pages, 2))
		}
		if err := b.cut(level, n); err != nil {
			return err
		}
	}
	return nil
}

// isShort reports whether what a level has collected is too little for a page.
func (b *builder) isShort(level int) bool {
	l := &b.levels[level]
	return len(l.items) > 0 && l.bytes+b.overhead() < b.sizes.least(level)
}

// keep adds a page of the old tree, and what is under it, as it is, unless its
// entries are needed because what lies before it is too little for a page. Its
// keys are below end, if that isn't nil.
func (b *builder) keep(it item, level int, end []byte) error {
	for below := 0; below <= level; below++ {
		for b.isShort(below) {
			// The page before costs the least if it has the same parent.
			joined, err := b.joinBefore(below, below+1)
			if err != nil {
				return err
			}
			if !joined {
				return b.dissolve(it, level, end)
			}
		}
		if err := b.flush(below, false); err != nil {
			return err
		}
	}
	return b.push(level+1, it)
}

// dissolve adds the entries of a page of the old tree.
func (b *builder) dissolve(it item, level int, end []byte) error {
	f, err := b.open(it, level, end)
	if err != nil {
		return err
	}
	if level == 0 {
		return b.pairs(&f, f.n)
	}
	return b.children(&f, f.n)
}

// joinBefore puts the entries of the page before what a level has collected in
// front of it, if that page is of the old tree and hangs, directly or through
// its last descendants, on what is collected for pages of the level parent. It
// reports whether it did.
func (b *builder) joinBefore(level, parent int) (bool, error) {
	above := &b.levels[parent]
	if len(above.items) == 0 || !above.items[len(above.items)-1].kept {
		return false, nil
	}
	end := b.levels[level].bound(level)
	for ; parent > level; parent-- {
		above := &b.levels[parent]
		it := above.items[len(above.items)-1]
		f, err := b.open(it, parent-1, end)
		if err != nil {
			return false, err
		}
		above.items = above.items[:len(above.items)-1]
		above.bytes -= it.length(parent)

		l := &b.levels[parent-1]
		items := make([]item, 0, f.n+len(l.items))
		for i := range f.n {
			items = append(items, f.item(i))
			l.bytes += items[i].length(parent - 1)
		}
		l.items, l.lower = append(items, l.items...), it.key
	}
	return true, nil
}

// open reads a page of the old tree that the new one will not have. Its keys
// are below end, if that isn't nil.
func (b *builder) open(it item, level int, end []byte) (frame, error) {
	nd, err := b.tree.node(b.ctx, it.page, uint8(level), false)
	if err != nil {
		return frame{}, err
	}
	if err := b.tree.fits(nd, it.child(), uint8(level), end); err != nil {
		return frame{}, err
	}
	b.w.Replaced(it.page)
	return frame{Page: nd, level: level, lower: it.key, upper: end}, nil
}

// root writes what is left on all levels and returns the tree's root.
func (b *builder) root() (Root, error) {
	for level := 0; ; level++ {
		l := &b.levels[level]
		above := level + 1
		for above < len(b.levels) && len(b.levels[above].items) == 0 {
			above++
		}
		if above == len(b.levels) {
			switch {
			case len(l.items) == 0:
				return Root{}, nil
			case level > 0 && len(l.items) == 1:
				return l.items[0].root(level - 1), nil
			case l.bytes+b.overhead() <= b.sizes.most(level):
				it, err := b.write(level, l.items, nil)
				return it.root(level), err
			}
		} else {
			for b.isShort(level) {
				joined, err := b.joinBefore(level, above)
				if err != nil {
					return Root{}, err
				}
				if !joined {
					break
				}
				above = level + 1 // which has what the joined page's parents held
			}
		}
		if err := b.flush(level, true); err != nil {
			return Root{}, err
		}
	}
}

// write writes a page and returns the entry that leads to it.
func (b *builder) write(level int, items []item, bound []byte) (item, error) {
	if level > maxLevel {
		return item{}, damaged(kindInner, items[0].page, b.tree.Table, "has too many levels above it")
	}
	id, err := b.w.NewID()
	if err != nil {
		return item{}, err
	}
	page := encode(id, b.tree.Table, level, items)
	it := item{key: bound, page: id, size: uint64(len(page))}
	for i := range items {
		it.count += items[i].count
		it.size += items[i].size
		it.apart = it.apart || items[i].apart
	}
	return it, b.send(id, page)
}

// newPair returns a pair of the new tree; it writes its value if that is a page
// of its own.
func (b *builder) newPair(c Change) (item, error) {
	it := item{key: c.Key, value: c.Value, count: 1}
	if len(c.Value) <= b.sizes.inline {
		return it, nil
	}
	id, err := b.w.NewID()
	if err != nil {
		return item{}, err
	}
	it.value, it.page, it.apart, it.size = nil, id, true, valuePage(uint64(len(c.Value)))
	return it, b.send(id, encodeValue(id, c.Value))
}

func (b *builder) send(id ID, page []byte) error {
	if err := b.ctx.Err(); err != nil {
		return err
	}
	return b.w.Write(b.ctx, id, page)
}

// overhead is what a page takes beside its entries, at most.
func (b *builder) overhead() int {
	const lengths = 2 + 1 + 3 // of the name, the level, the count
	return pageHeader + lengths + len(b.tree.Table) + sumSize
}
