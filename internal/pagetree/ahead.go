package pagetree

// How many pages are read ahead: by a loop, which may end at any pair, and by a
// merge, which is done with a page faster than IndexedDB answers and goes on to
// the next as a rule. maxValuesAhead is how many bytes of values that are pages
// of their own.
const (
	scanAhead      = 8
	mergeAhead     = 32
	maxValuesAhead = 1 << 20
)

// A window is what is read ahead on a way from page to page: as many pages as
// were passed on it, so that short ways fetch nothing in vain, up to a bound.
type window struct {
	passed int // pages that the way has left behind
	asked  int // pages after the present one that were asked for
	ids    []ID
}

// step notes that the way goes on to the next page.
func (w *window) step() {
	w.passed++
	w.asked = max(w.asked-1, 0)
}

// more returns pages to ask for, so that at most so many are read ahead, and
// none while enough are on their way. next returns the page that comes n pages
// after the present one, or 0 when that won't be wanted. The result is valid
// until the next call.
func (w *window) more(most int, next func(n int) ID) []ID {
	want := min(w.passed, most)
	if w.asked > want/2 {
		return nil
	}
	w.ids = w.ids[:0]
	for ; w.asked < want; w.asked++ {
		id := next(w.asked + 1)
		if id == 0 {
			break
		}
		w.ids = append(w.ids, id)
	}
	return w.ids
}

// besideMost bounds how many leaves a miss brings along, so that their coming is no
// long task.
const besideMost = 16

// beside asks for leaves on both sides of entry i of an inner node, which a read
// will wait for: none at the first miss, then four, then sixteen at each that
// follows, so that little is fetched in vain for who reads a single pair, and who
// reads here and there soon has the whole table in memory. A scan, which others
// like it follow as a rule, begins with sixteen. They take at most half of the
// room that there is.
func (t *Tree) beside(nd *Page, i int, scan bool) {
	if nd.level != 1 || t.often == nil {
		return
	}
	misses := t.often.misses.Add(1) - 1
	if scan {
		misses += 2
	}
	most := besideMost
	switch misses {
	case 0:
		return
	case 1:
		most /= 4
	}
	most = min(most, t.Pages.Room()/2/defaultSizes.leaf)
	var ids []ID
	for far := 1; len(ids) < most && far < nd.n; far++ {
		for _, at := range [...]int{i + far, i - far} {
			if at >= 0 && at < nd.n {
				ids = append(ids, nd.childID(at))
			}
		}
	}
	if len(ids) > 0 {
		t.Pages.Ahead(ids)
	}
}
