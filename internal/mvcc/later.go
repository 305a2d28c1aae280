package mvcc

import (
	"bytes"
	"sort"

	"github.com/tidwall/btree"
)

// maxLater is how many changes a tree keeps. Making them all takes some
// milliseconds, in a browser of the page's own thread.
const maxLater = 16 << 10

// keeps reports whether t keeps the next change until it is read or its
// transaction commits. It does once there have been some changes and no read:
// most indexes are only written to in a transaction, and changes made together,
// in order, cost a fraction of as many that each enter the tree somewhere else.
func (t *tree) keeps() bool { return t.unread >= bulk }

// keep keeps the change to p, a tombstone for a removal, if t keeps changes now,
// and reports whether it did.
func (t *tree) keep(p Pair) bool {
	if t.unread++; t.unread <= bulk {
		return false
	}
	if len(t.later) == maxLater {
		t.makeKept()
	}
	t.later = append(t.later, p)
	if p.isTombstone() {
		t.arena.added = 0
	} else {
		t.arena.added++
	}
	return true
}

// settle makes all changes that t has kept. It is called before t is read.
func (t *tree) settle() {
	if !t.private {
		return
	}
	t.unread = 0
	if len(t.later) > 0 {
		t.makeKept()
	}
}

func (t *tree) makeKept() {
	changes := arrange(t.later)
	shared := t.arena.size > 0
	if shared && len(changes) < len(t.later) {
		shared = false
		unshare(changes)
	}
	t.later, t.arena, t.beyond = nil, arena{added: bulk}, false
	if len(changes) > t.pairs.Len()/4 {
		pairs, size := t.pairs, t.size
		if t.rebuild(changes) && shared {
			unshare(changes)
			t.pairs, t.size = pairs, size
			t.rebuild(changes)
		}
		return
	}
	if shared && t.hasAny(changes) {
		unshare(changes)
	}
	for _, p := range changes {
		if p.isTombstone() {
			t.remove(p)
		} else {
			t.set(p)
		}
	}
}

// unshare gives those of pairs that are put buffers of their own: some replace
// others, which their arena couldn't know.
func unshare(pairs []Pair) {
	for i, p := range pairs {
		if !p.isTombstone() {
			pairs[i] = Join(p.Key(), p.Value())
		}
	}
}

// hasAny reports whether t has a pair of the key of one of changes, which ascend.
func (t *tree) hasAny(changes []Pair) bool {
	var hint btree.PathHint
	for _, p := range changes {
		if _, ok := t.pairs.GetHint(p, &hint); ok {
			return true
		}
	}
	return false
}

// rebuild fills t anew, from left to right, with its pairs and changes, which
// ascend. It reports whether a change was to one of the pairs.
func (t *tree) rebuild(changes []Pair) (replaced bool) {
	old := t.pairs
	t.pairs = newPairs()
	old.Scan(func(p Pair) bool {
		for len(changes) > 0 && less(changes[0], p) {
			t.load(changes[0])
			changes = changes[1:]
		}
		if len(changes) > 0 && !less(p, changes[0]) {
			t.size -= p.size()
			t.load(changes[0])
			changes, replaced = changes[1:], true
			return true
		}
		t.pairs.Load(p)
		return true
	})
	for _, p := range changes {
		t.load(p)
	}
	return replaced
}

// load makes the change to p, whose key is greater than all in t.
func (t *tree) load(p Pair) {
	if !p.isTombstone() || t.base != nil {
		t.pairs.Load(p)
		t.size += p.size()
	}
}

func newPairs() *btree.BTreeG[Pair] {
	return btree.NewBTreeGOptions(less, btree.Options{NoLocks: true})
}

// arrange returns pairs in ascending order of their keys, and of equal keys the
// last pair.
func arrange(pairs []Pair) []Pair {
	ascend := true
	for i := 1; i < len(pairs) && ascend; i++ {
		ascend = less(pairs[i-1], pairs[i])
	}
	if ascend {
		return pairs
	}
	o := newOrder(pairs)
	if len(pairs) < fewPairs {
		sort.Sort(o)
	} else {
		o.sortHeads()
		o.sortTies()
	}
	arranged := make([]Pair, 0, len(pairs))
	for i, p := range o.places {
		if i+1 < len(o.places) && p.head == o.places[i+1].head &&
			bytes.Equal(pairs[p.at].Key(), pairs[o.places[i+1].at].Key()) {
			continue
		}
		arranged = append(arranged, pairs[p.at])
	}
	return arranged
}

// fewPairs is how many are sorted faster by comparing them.
const fewPairs = 64

// An order is pairs that are being sorted.
type order struct {
	pairs  []Pair
	places []place
}

// A place is where a pair is, and the head of its key after what all keys begin
// with. An index's keys often begin alike.
type place struct {
	head uint64
	at   uint32
}

func newOrder(pairs []Pair) order {
	common := pairs[0].Key()
	for _, p := range pairs[1:] {
		key := p.Key()
		n := 0
		for n < len(common) && n < len(key) && common[n] == key[n] {
			n++
		}
		common = common[:n]
	}
	o := order{pairs, make([]place, len(pairs))}
	for i, p := range pairs {
		o.places[i] = place{headOf(p.Key()[len(common):]), uint32(i)}
	}
	return o
}

func (o order) Len() int      { return len(o.places) }
func (o order) Swap(i, j int) { o.places[i], o.places[j] = o.places[j], o.places[i] }

// Less leaves pairs of equal keys as they are.
func (o order) Less(i, j int) bool {
	p, q := o.places[i], o.places[j]
	if p.head != q.head {
		return p.head < q.head
	}
	c := bytes.Compare(o.pairs[p.at].Key(), o.pairs[q.at].Key())
	return c < 0 || c == 0 && p.at < q.at
}

// sortHeads sorts by heads alone, byte by byte from the last on, and leaves
// those of equal heads as they are.
func (o order) sortHeads() {
	from, to := o.places, make([]place, len(o.places))
	for shift := 0; shift < 64; shift += 8 {
		var starts [256]int // of each byte's places
		for i := range from {
			starts[byte(from[i].head>>shift)]++
		}
		if starts[byte(from[0].head>>shift)] == len(from) {
			continue
		}
		at := 0
		for i, n := range starts {
			starts[i] = at
			at += n
		}
		for _, p := range from {
			b := byte(p.head >> shift)
			to[starts[b]] = p
			starts[b]++
		}
		from, to = to, from
	}
	copy(o.places, from)
}

// sortTies sorts pairs whose heads are equal and next to each other.
func (o order) sortTies() {
	for i := 0; i < len(o.places); {
		j, ascend := i+1, true
		for ; j < len(o.places) && o.places[j].head == o.places[i].head; j++ {
			ascend = ascend && !o.Less(j, j-1)
		}
		if !ascend {
			sort.Sort(order{o.pairs, o.places[i:j]})
		}
		i = j
	}
}
