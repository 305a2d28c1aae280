package pagetree

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/larderdb/larder/backend"
)

// Check reports whether b is the page id, whole and in order: its kind, format,
// checksum and id, and everything in it that lookups rely on. What other pages
// say of it, for one that its keys lie within its parent's bounds, it can't
// know. The error is a [*backend.Error] that names the page and, where it is
// known, the table: [backend.ErrCorrupt], or [backend.ErrSchemaNewer] when newer
// code wrote it.
func Check(id ID, b []byte) error {
	var kind byte
	if len(b) > 0 {
		kind = b[0]
	}
	if _, err := Unseal(kind, b); err != nil {
		var e *backend.Error
		if errors.As(err, &e) {
			e.Reason = damaged(kind, id, "", e.Reason).Reason
		}
		return err
	}
	c := checker{b: b[:len(b)-sumSize], at: headerSize}
	table, reason := c.page(kind, id)
	if reason != "" {
		return damaged(kind, id, table, reason)
	}
	return nil
}

// A checker reads a page from its beginning to its end.
type checker struct {
	b  []byte // without the checksum
	at int
}

const ends = "ends too early"

// uvarint reads a number; ok is false when there is none.
func (c *checker) uvarint() (v uint64, ok bool) {
	if c.at < len(c.b) && c.b[c.at] < 0x80 {
		c.at++
		return uint64(c.b[c.at-1]), true
	}
	v, n := binary.Uvarint(c.b[c.at:])
	if n <= 0 {
		return 0, false
	}
	c.at += n
	return v, true
}

// bytes reads n bytes; ok is false when there are fewer.
func (c *checker) bytes(n uint64) (b []byte, ok bool) {
	if n > uint64(len(c.b)-c.at) {
		return nil, false
	}
	c.at += int(n)
	return c.b[c.at-int(n) : c.at], true
}

// id reads a page's id; ok is false when there is none.
func (c *checker) id() (ID, bool) {
	b, ok := c.bytes(idSize)
	if !ok {
		return 0, false
	}
	return ID(binary.BigEndian.Uint64(b)), true
}

// page returns the table that the page names, and what is wrong with the page.
func (c *checker) page(kind byte, id ID) (table, reason string) {
	if own, ok := c.id(); !ok || own != id {
		return "", "belongs to another place"
	}
	switch kind {
	case kindValue:
		if n := len(c.b) - c.at; n == 0 || n > backend.MaxValue {
			return "", "holds a value of impossible length"
		}
		return "", ""
	case kindLeaf, kindInner:
		if len(c.b)+sumSize > maxPage {
			return "", "is too long"
		}
	default:
		return "", "is none"
	}
	n, ok := c.uvarint()
	name, ok2 := c.bytes(n)
	if !ok || !ok2 {
		return "", ends
	}
	if backend.CheckTable(string(name)) != nil {
		return "", "holds an impossible table name"
	}
	return string(name), c.entries(kind)
}

// entries checks what follows the table's name. Entries stand one after the
// other, in the order of their offsets, and leave nothing over.
func (c *checker) entries(kind byte) (reason string) {
	if kind == kindInner {
		level, ok := c.bytes(1)
		if !ok || level[0] == 0 || level[0] > maxLevel {
			return "has an impossible level"
		}
	}
	n, ok := c.uvarint()
	if !ok || n == 0 || n > uint64(len(c.b)-c.at)/2 {
		return "has an impossible count of entries"
	}
	offsets, _ := c.bytes(2 * n)
	var sum totals
	var last []byte
	for i := 0; i < len(offsets); i += 2 {
		if int(binary.BigEndian.Uint16(offsets[i:])) != c.at {
			return "has an entry out of place"
		}
		var key []byte
		if kind == kindLeaf {
			key, reason = c.pair()
		} else {
			key, reason = c.child(&sum)
		}
		if reason != "" {
			return reason
		}
		if i > 0 && bytes.Compare(last, key) >= 0 {
			return "has keys out of order"
		}
		last = key
	}
	if c.at != len(c.b) {
		return "goes on after its end"
	}
	return ""
}

// pair reads an entry of a leaf and returns its key.
func (c *checker) pair() (key []byte, reason string) {
	n, ok := c.uvarint()
	size, ok2 := c.uvarint()
	if !ok || !ok2 {
		return nil, ends
	}
	if n == 0 || n > backend.MaxKey {
		return nil, "has a key of impossible length"
	}
	if key, ok = c.bytes(n); !ok {
		return nil, ends
	}
	if size&1 == 0 {
		_, ok = c.bytes(size >> 1)
	} else {
		var id ID
		id, ok = c.id()
		if ok && (id == 0 || id > maxID || size>>1 == 0 || size>>1 > backend.MaxValue) {
			return nil, "has an impossible value"
		}
	}
	if !ok {
		return nil, ends
	}
	return key, ""
}

// totals are the sums of an inner node's entries, which must not overflow.
type totals struct{ count, size uint64 }

// child reads an entry of an inner node and returns its lower bound.
func (c *checker) child(sum *totals) (bound []byte, reason string) {
	id, ok1 := c.id()
	count, ok2 := c.uvarint()
	size, ok3 := c.uvarint()
	n, ok4 := c.uvarint()
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return nil, ends
	}
	size >>= 1
	if id == 0 || id > maxID || count == 0 || count > maxID-sum.count || size > maxID-sum.size {
		return nil, "has an impossible child"
	}
	sum.count, sum.size = sum.count+count, sum.size+size
	if n > backend.MaxKey {
		return nil, "has a bound of impossible length"
	}
	if bound, ok1 = c.bytes(n); !ok1 {
		return nil, ends
	}
	return bound, ""
}
