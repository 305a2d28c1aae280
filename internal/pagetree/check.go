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
	if kind == kindLeaf {
		reason = c.pairs(offsets)
	} else {
		reason = c.children(offsets)
	}
	if reason == "" && c.at != len(c.b) {
		reason = "goes on after its end"
	}
	return reason
}

const (
	misplaced = "has an entry out of place"
	disorder  = "has keys out of order"
)

// pairs reads the entries of a leaf. It is most of the time that Check takes,
// and so doesn't call what it can do itself.
func (c *checker) pairs(offsets []byte) (reason string) {
	b, at := c.b, c.at
	var last []byte
	for ; len(offsets) >= 2; offsets = offsets[2:] {
		if int(binary.BigEndian.Uint16(offsets)) != at {
			return misplaced
		}
		if len(b)-at < 2 {
			return ends
		}
		n, size := uint64(b[at]), uint64(b[at+1])
		at += 2
		if n|size >= 0x80 {
			c.at = at - 2
			var ok1, ok2 bool
			n, ok1 = c.uvarint()
			size, ok2 = c.uvarint()
			if !ok1 || !ok2 {
				return ends
			}
			at = c.at
		}
		if n == 0 || n > backend.MaxKey {
			return "has a key of impossible length"
		}
		rest := n // of the entry: the key and what follows it
		if size&1 == 0 {
			if size>>1 > maxPage {
				return ends
			}
			rest += size >> 1
		} else {
			rest += idSize
		}
		if rest > uint64(len(b)-at) {
			return ends
		}
		key := b[at : at+int(n)]
		if size&1 != 0 {
			id := binary.BigEndian.Uint64(b[at+int(n):])
			if id == 0 || id > maxID || size>>1 == 0 || size>>1 > backend.MaxValue {
				return "has an impossible value"
			}
		}
		if bytes.Compare(last, key) >= 0 { // no key is empty
			return disorder
		}
		last, at = key, at+int(rest)
	}
	c.at = at
	return ""
}

// children reads the entries of an inner node.
func (c *checker) children(offsets []byte) (reason string) {
	var count, size uint64 // of all, which must not overflow
	var last []byte
	for i := 0; i < len(offsets); i += 2 {
		if int(binary.BigEndian.Uint16(offsets[i:])) != c.at {
			return misplaced
		}
		id, ok1 := c.id()
		pairs, ok2 := c.uvarint()
		under, ok3 := c.uvarint()
		n, ok4 := c.uvarint()
		under >>= 1
		if !ok1 || !ok2 || !ok3 || !ok4 {
			return ends
		}
		if id == 0 || id > maxID || pairs == 0 || pairs > maxID-count || under > maxID-size {
			return "has an impossible child"
		}
		count, size = count+pairs, size+under
		if n > backend.MaxKey {
			return "has a bound of impossible length"
		}
		bound, ok := c.bytes(n)
		if !ok {
			return ends
		}
		if i > 0 && bytes.Compare(last, bound) >= 0 {
			return disorder
		}
		last = bound
	}
	return ""
}
