package mvcc

// An arena gives a transaction's pairs their buffers: many pairs share one, so
// that a bulk load makes few objects. The garbage collector marks each object
// of a heap in turn; in a browser tab it does so on the page's own thread, and
// 700,000 small buffers took it longer than a frame or two.
//
// A shared buffer is alive as long as any of its pairs is. The first pair has
// a buffer of its own size, later buffers double, so that a small transaction
// takes no more than it needs and a large one wastes at most a part of its
// last buffer.
type arena struct {
	free []byte
	size int // of the buffer that was made last
}

// maxArena is the size of an arena's largest buffers. Pairs over a quarter of
// it have buffers of their own.
const maxArena = 32 << 10

// join returns a pair of copies of key and value.
func (a *arena) join(key, value []byte) Pair {
	n := len(key) + len(value)
	if n > maxArena/4 {
		return Join(key, value)
	}
	if n > len(a.free) {
		a.size = max(n, min(2*a.size, maxArena))
		a.free = make([]byte, a.size)
	}
	buf := a.free[:n:n]
	a.free = a.free[n:]
	copy(buf[copy(buf, key):], value)
	return Adopt(buf, len(key))
}
