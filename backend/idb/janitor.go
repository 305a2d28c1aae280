package idb

import (
	"encoding/binary"
	"slices"

	"github.com/larderdb/larder/internal/pagetree"
)

// A janitor is the record of what is to be cleaned away, under [janitorKey] in
// the object store "root". Who makes a checkpoint or deletes pages reads and
// writes it; a database without one has never had a checkpoint.
type janitor struct {
	last    uint64  // the ordinal that was given last
	begun   []dated // checkpoints that were begun and have not ended, by ordinal
	garbage []dated // garbage pages by id, oldest first
}

// A dated number is one that means something since a time, in milliseconds
// since 1970.
type dated struct{ number, since uint64 }

func (j *janitor) encode() []byte {
	b := binary.BigEndian.AppendUint64([]byte{kindJanitor, pagetree.Version}, j.last)
	for _, list := range [][]dated{j.begun, j.garbage} {
		b = binary.AppendUvarint(b, uint64(len(list)))
		for _, d := range list {
			b = binary.BigEndian.AppendUint64(b, d.number)
			b = binary.BigEndian.AppendUint64(b, d.since)
		}
	}
	return pagetree.Seal(b)
}

func decodeJanitor(b []byte) (janitor, error) {
	body, err := pagetree.Unseal(kindJanitor, b)
	if err != nil {
		return janitor{}, err
	}
	rd := reader{b: body}
	j := janitor{last: rd.uint64()}
	for _, list := range []*[]dated{&j.begun, &j.garbage} {
		for n := rd.uvarint(); n > 0 && !rd.short; n-- {
			*list = append(*list, dated{rd.uint64(), rd.uint64()})
		}
	}
	switch {
	case rd.short:
		return janitor{}, errShort
	case len(rd.b) != 0:
		return janitor{}, corrupt("goes on after its end")
	case j.last > maxOrdinal:
		return janitor{}, corrupt("holds an impossible number")
	}
	for _, d := range j.begun {
		if d.number == 0 || d.number > j.last {
			return janitor{}, corrupt("lists an impossible checkpoint")
		}
	}
	for _, d := range j.garbage {
		if d.number > maxNumber {
			return janitor{}, corrupt("lists an impossible page")
		}
	}
	return j, nil
}

// begin notes a new checkpoint and returns its ordinal, which is higher than
// any before.
func (j *janitor) begin(r *root, now uint64) (uint64, error) {
	j.last = max(j.last, r.ordinal) + 1
	if j.last > maxOrdinal {
		return 0, corrupt("has given all ordinals")
	}
	j.begun = append(j.begun, dated{j.last, now})
	return j.last, nil
}

// end notes that a checkpoint has ended and reports whether it was known to be
// under way.
func (j *janitor) end(ordinal uint64) bool {
	n := len(j.begun)
	j.begun = slices.DeleteFunc(j.begun, func(d dated) bool { return d.number == ordinal })
	return len(j.begun) < n
}

// forget notes that a garbage page was deleted and reports whether it was known.
func (j *janitor) forget(page pagetree.ID) bool {
	n := len(j.garbage)
	j.garbage = slices.DeleteFunc(j.garbage, func(d dated) bool { return d.number == uint64(page) })
	return len(j.garbage) < n
}
