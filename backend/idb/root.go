package idb

import (
	"encoding/binary"

	"github.com/larderdb/larder/internal/pagetree"
)

// A root says which checkpoint the database begins with. The object store
// "root" has it twice, under [rootKey] and [copyKey], written together. Every
// commit compares the first with the one that it knows.
type root struct {
	db      id          // made with the database; a database of the same name made later has another
	ordinal uint64      // of the checkpoint; 0 when there is none yet
	commit  uint64      // the newest commit in the checkpoint; the log begins after it
	head    pagetree.ID // 0 when there is none yet; its copy is the next id
	size    uint64      // bytes of all pages that the head leads to
}

const rootSize = headerSize + 16 + 4*8 + sumSize

func (r *root) encode() []byte {
	b := make([]byte, 0, rootSize)
	b = append(b, kindRoot, pagetree.Version)
	b = append(b, r.db[:]...)
	b = binary.BigEndian.AppendUint64(b, r.ordinal)
	b = binary.BigEndian.AppendUint64(b, r.commit)
	b = binary.BigEndian.AppendUint64(b, uint64(r.head))
	b = binary.BigEndian.AppendUint64(b, r.size)
	return pagetree.Seal(b)
}

func decodeRoot(b []byte) (root, error) {
	body, err := pagetree.Unseal(kindRoot, b)
	if err != nil {
		return root{}, err
	}
	rd := reader{b: body}
	r := root{db: rd.id(), ordinal: rd.uint64(), commit: rd.uint64(), head: pagetree.ID(rd.uint64()), size: rd.uint64()}
	switch {
	case rd.short || len(rd.b) != 0:
		return root{}, corrupt("has the wrong length")
	case r.ordinal > maxOrdinal || r.commit > maxNumber || r.size > maxNumber:
		return root{}, corrupt("holds an impossible number")
	case r.ordinal == 0 && r != root{db: r.db}:
		return root{}, corrupt("names pages without a checkpoint")
	case r.ordinal != 0 && ordinalOf(r.head) != r.ordinal:
		return root{}, corrupt("names the head of another checkpoint")
	}
	return r, nil
}

// maxNumber bounds commit numbers and page ids, which are IndexedDB keys:
// JavaScript's numbers are exact up to it.
const maxNumber = 1<<53 - 1

// A page's id is the ordinal of the checkpoint that wrote it and, in the lowest
// bits, its number in it.
const (
	pageBits   = 24
	maxOrdinal = maxNumber >> pageBits
)

// firstPage returns the lowest id that a page of a checkpoint can have.
func firstPage(ordinal uint64) pagetree.ID { return pagetree.ID(ordinal << pageBits) }

func ordinalOf(page pagetree.ID) uint64 { return uint64(page) >> pageBits }
