package pagetree

// maxAhead is how many pages are read ahead, and maxValuesAhead how many bytes
// of values that are pages of their own.
const (
	maxAhead       = 8
	maxValuesAhead = 1 << 20
)

// A window is what is read ahead on a way from page to page: as many pages as
// were passed on it, so that short ways fetch nothing in vain, up to maxAhead.
type window struct {
	passed int // pages that the way has left behind
	asked  int // pages after the present one that were asked for
	ids    [maxAhead]ID
}

// step notes that the way goes on to the next page.
func (w *window) step() {
	w.passed++
	w.asked = max(w.asked-1, 0)
}

// more returns pages to ask for, none while enough are on their way. next
// returns the page that comes n pages after the present one, or 0 when that
// won't be wanted. The result is valid until the next call.
func (w *window) more(next func(n int) ID) []ID {
	want := min(w.passed, maxAhead)
	if w.asked > want/2 {
		return nil
	}
	n := 0
	for ; w.asked < want; w.asked++ {
		id := next(w.asked + 1)
		if id == 0 {
			break
		}
		w.ids[n] = id
		n++
	}
	return w.ids[:n]
}
