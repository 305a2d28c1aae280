package idb

import "encoding/binary"

// A root says which checkpoint the database begins with. There is one, under
// [rootKey] in the object store "root". Every commit compares it with the one
// that it knows.
type root struct {
	db         id     // made with the database; a database of the same name made later has another
	checkpoint uint64 // the number of the checkpoint, random; 0 when there is none yet
	commit     uint64 // the newest commit in the checkpoint; the log begins after it
	pages      uint32 // records of the checkpoint in "pages", numbered from 0
	size       uint64 // their length in bytes
}

const rootSize = headerSize + 16 + 8 + 8 + 4 + 8 + sumSize

func (r *root) encode() []byte {
	b := make([]byte, 0, rootSize)
	b = append(b, kindRoot, formatVersion)
	b = append(b, r.db[:]...)
	b = binary.BigEndian.AppendUint64(b, r.checkpoint)
	b = binary.BigEndian.AppendUint64(b, r.commit)
	b = binary.BigEndian.AppendUint32(b, r.pages)
	b = binary.BigEndian.AppendUint64(b, r.size)
	return seal(b)
}

func decodeRoot(b []byte) (root, error) {
	body, err := unseal(kindRoot, b)
	if err != nil {
		return root{}, err
	}
	rd := reader{b: body}
	r := root{db: rd.id(), checkpoint: rd.uint64(), commit: rd.uint64(), pages: rd.uint32(), size: rd.uint64()}
	switch {
	case rd.short || len(rd.b) != 0:
		return root{}, corrupt("has the wrong length")
	case r.checkpoint > maxNumber || r.commit > maxNumber:
		return root{}, corrupt("holds an impossible number")
	case r.checkpoint == 0 && (r.commit|r.size|uint64(r.pages)) != 0:
		return root{}, corrupt("names pages without a checkpoint")
	}
	return r, nil
}

// maxNumber bounds commit and checkpoint numbers, which are IndexedDB keys:
// JavaScript's numbers are exact up to it.
const maxNumber = 1<<53 - 1
