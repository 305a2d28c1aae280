package idb

import (
	"encoding/binary"
	"iter"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/mvcc"
)

// A checkpoint is a snapshot in records of the object store "pages", whose
// keys are the arrays of checkpoint number and index. Each record begins with
// these two, in 8 and 4 bytes, after its header.
//
// A page goes on with runs: a table's name with its length before it, the count
// of its pairs, the pairs. Tables and keys ascend, from page to page too; a
// table that goes on in the next page is named again there, and one without
// pairs has a run of none. A pair is the length of its key, twice the length
// of its value, key and value; counts and lengths are uvarints.
//
// A value of more than [maxInline] bytes has a record of its own, at an index
// before its page. Instead of twice the length, the pair has twice that index
// and one, and no value after the key.
const (
	// pageSize bounds a page. From 64 KiB on, Chromium puts a value into a
	// file of its own.
	pageSize = 63 << 10
	// maxInline bounds the values in pages, so that a page isn't left half
	// empty because the next value doesn't fit.
	maxInline = 16 << 10

	pageHeaderSize = headerSize + 8 + 4
)

// A pageWriter puts pairs that come in order into one page after the other.
// Its zero value is ready to use.
type pageWriter struct {
	runs  []byte // runs that have ended
	open  bool   // a run is under way:
	table string
	count uint64
	pairs []byte
}

// add appends a pair, or reports false when the page is full. An empty page
// takes every pair whose value belongs into a page.
func (w *pageWriter) add(table string, key, value []byte) bool {
	if !w.start(table, len(key)+len(value)) {
		return false
	}
	w.key(key, uint64(len(value))<<1)
	w.pairs = append(w.pairs, value...)
	return true
}

// addExternal is add for a pair whose value is the record at index.
func (w *pageWriter) addExternal(table string, key []byte, index uint32) bool {
	if !w.start(table, len(key)) {
		return false
	}
	w.key(key, uint64(index)<<1|1)
	return true
}

// start makes room for a pair of size bytes in a run of table. Without a pair
// added after it, it writes down that the table exists.
func (w *pageWriter) start(table string, size int) bool {
	const lengths = 2 * binary.MaxVarintLen64
	used := pageHeaderSize + len(w.runs) + len(w.pairs) + sumSize
	if w.open {
		used += lengths + len(w.table)
	}
	size += lengths
	if table != w.table {
		size += lengths + len(table)
	}
	if w.open && used+size > pageSize {
		return false
	}
	if table != w.table {
		w.endRun()
		w.open, w.table = true, table
	}
	return true
}

func (w *pageWriter) key(key []byte, value uint64) {
	w.count++
	w.pairs = binary.AppendUvarint(w.pairs, uint64(len(key)))
	w.pairs = binary.AppendUvarint(w.pairs, value)
	w.pairs = append(w.pairs, key...)
}

func (w *pageWriter) endRun() {
	if w.open {
		w.runs = appendTable(w.runs, w.table)
		w.runs = binary.AppendUvarint(w.runs, w.count)
		w.runs = append(w.runs, w.pairs...)
	}
	w.open, w.table, w.count, w.pairs = false, "", 0, w.pairs[:0]
}

// finish returns the page as the record at index and begins the next one.
func (w *pageWriter) finish(checkpoint uint64, index uint32) []byte {
	w.endRun()
	b := sealPage(kindPage, checkpoint, index, w.runs)
	w.runs = w.runs[:0]
	return b
}

// empty reports whether the page has nothing in it.
func (w *pageWriter) empty() bool { return !w.open && len(w.runs) == 0 }

func sealPage(kind byte, checkpoint uint64, index uint32, body []byte) []byte {
	b := make([]byte, 0, pageHeaderSize+len(body)+sumSize)
	b = append(b, kind, formatVersion)
	b = binary.BigEndian.AppendUint64(b, checkpoint)
	b = binary.BigEndian.AppendUint32(b, index)
	return seal(append(b, body...))
}

// unsealPage returns the body of the record at index.
func unsealPage(kind byte, b []byte, checkpoint uint64, index uint32) ([]byte, error) {
	body, err := unseal(kind, b)
	if err != nil {
		return nil, err
	}
	rd := reader{b: body}
	if c, i := rd.uint64(), rd.uint32(); rd.short || c != checkpoint || i != index {
		return nil, corrupt("belongs to another place")
	}
	return rd.b, nil
}

// encodeValue returns the record that holds the value of a pair.
func encodeValue(checkpoint uint64, index uint32, value []byte) []byte {
	return sealPage(kindValue, checkpoint, index, value)
}

// decodeValue returns the value in b, a part of b.
func decodeValue(b []byte, checkpoint uint64, index uint32) ([]byte, error) {
	value, err := unsealPage(kindValue, b, checkpoint, index)
	if err == nil && len(value) > backend.MaxValue {
		return nil, corrupt("holds a value of impossible length")
	}
	return value, err
}

// isValue reports whether b, a record of a checkpoint, holds a value.
func isValue(b []byte) bool { return len(b) > 0 && b[0] == kindValue }

// A page is a page's body. Nothing but its checksum and place was checked yet.
type page []byte

// decodePage returns the page in b, a part of b.
func decodePage(b []byte, checkpoint uint64, index uint32) (page, error) {
	return unsealPage(kindPage, b, checkpoint, index)
}

// An entry is a pair of a page, or a table without pairs.
type entry struct {
	table    string
	isPair   bool
	pair     mvcc.Pair // refers to the page
	external bool      // pair has no value yet; it is in the record at index
	index    uint64
}

// all yields the page's entries in their order, which it doesn't check. An
// error ends the loop.
func (p page) all() iter.Seq2[entry, error] {
	return func(yield func(entry, error) bool) {
		rd := reader{b: p}
		for len(rd.b) > 0 {
			table, err := rd.table()
			n := rd.uvarint()
			if err == nil && rd.short {
				err = errShort
			}
			if err != nil {
				yield(entry{}, err)
				return
			}
			if n == 0 && !yield(entry{table: table}, nil) {
				return
			}
			for ; n > 0; n-- {
				e := entry{table: table, isPair: true}
				key, value := rd.uvarint(), rd.uvarint()
				if value&1 == 1 {
					e.external, e.index, value = true, value>>1, 0
				}
				e.pair = rd.pair(key, value>>1)
				if rd.short {
					yield(entry{}, errShort)
					return
				}
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}
