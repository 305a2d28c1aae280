package mvcc

// An arena gives a transaction's pairs their buffers. In a bulk load many pairs
// share one, so that it makes few objects. The garbage collector marks each
// object of a heap in turn; in a browser tab it does so on the page's own
// thread, and 700,000 small buffers took it longer than a frame or two.
//
// A shared buffer is alive as long as any of its pairs is. So pairs share only
// while a transaction does nothing but add new ones, which are likely to stay
// equally long: what replaces a pair is soon replaced itself, and would be kept
// by a neighbour that stays. Tombstones share among themselves, since all of them go
// when their Base is replaced. Buffers double, so that a large transaction wastes
// at most a part of its last one.
type arena struct {
	added int // pairs since the last that was replaced or deleted
	free  []byte
	size  int // of the buffer that was made last
}

const (
	// bulk is how many pairs in a row look like a load.
	bulk = 16
	// maxArena is the size of an arena's largest buffers. Pairs over a quarter
	// of it have buffers of their own.
	maxArena = 32 << 10
)

// join returns a pair of copies of key and value.
func (a *arena) join(key, value []byte) Pair {
	n := len(key) + len(value)
	if a.added < bulk || n > maxArena/4 {
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
