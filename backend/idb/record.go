package idb

import (
	"encoding/binary"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/mvcc"
)

// A record is one commit in the object store "log", whose key is the commit's
// number. Its body is
//
//	database id, context id (16 bytes each)
//	number of the commit among its context's, commit number (8 bytes each)
//	tables: their count, then each name with its length before it
//	operations up to the end
//
// where counts and lengths are uvarints. An operation is a byte that says what
// it does, the table's index, and
//
//	put      length of key, length of value, key, value
//	delete   length of key, key
//	drop     nothing
//	stamped  count of stamps; each as twice its offset, and one when it is in
//	         the key; then as put
//
// A stamp's eight bytes are stored as 0xFF and receive the commit number when
// the operation is applied.
type record struct {
	db      id
	context id     // which Store wrote it
	serial  uint64 // counts the commits of that Store, from 1
	commit  uint64
	ops     []mvcc.Op
}

const (
	opPut = 1 + iota
	opDelete
	opDrop
	opStamped
)

// encode returns the record's bytes. It goes through the operations twice, to
// write into one buffer of the right size.
func (r *record) encode() []byte {
	index := map[string]uint64{}
	var tables []byte
	size := 0
	for _, op := range r.ops {
		if _, ok := index[op.Table]; !ok {
			index[op.Table] = uint64(len(index))
			tables = appendTable(tables, op.Table)
		}
		size += 1 + 3*binary.MaxVarintLen32 + len(op.Stamps)*binary.MaxVarintLen32 + len(op.Pair.Key()) + len(op.Pair.Value())
	}
	b := make([]byte, 0, headerSize+2*16+2*8+binary.MaxVarintLen32+len(tables)+size+sumSize)
	b = append(b, kindRecord, formatVersion)
	b = append(b, r.db[:]...)
	b = append(b, r.context[:]...)
	b = binary.BigEndian.AppendUint64(b, r.serial)
	b = binary.BigEndian.AppendUint64(b, r.commit)
	b = binary.AppendUvarint(b, uint64(len(index)))
	b = append(b, tables...)
	for _, op := range r.ops {
		b = appendOp(b, op, index[op.Table])
	}
	return seal(b)
}

func appendOp(b []byte, op mvcc.Op, table uint64) []byte {
	key, value := op.Pair.Key(), op.Pair.Value()
	switch {
	case op.Kind == mvcc.Drop:
		return binary.AppendUvarint(append(b, opDrop), table)
	case op.Kind == mvcc.Delete:
		b = binary.AppendUvarint(append(b, opDelete), table)
		b = binary.AppendUvarint(b, uint64(len(key)))
		return append(b, key...)
	case len(op.Stamps) == 0:
		b = binary.AppendUvarint(append(b, opPut), table)
	default:
		b = binary.AppendUvarint(append(b, opStamped), table)
		b = binary.AppendUvarint(b, uint64(len(op.Stamps)))
		for _, s := range op.Stamps {
			place := uint64(s.Offset) << 1
			if s.InKey {
				place |= 1
			}
			b = binary.AppendUvarint(b, place)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(key)))
	b = binary.AppendUvarint(b, uint64(len(value)))
	b = append(b, key...)
	return append(b, value...)
}

// decodeRecord returns the record in b. Its pairs refer to b.
func decodeRecord(b []byte) (record, error) {
	body, err := unseal(kindRecord, b)
	if err != nil {
		return record{}, err
	}
	rd := reader{b: body}
	r := record{db: rd.id(), context: rd.id(), serial: rd.uint64(), commit: rd.uint64()}
	var tables []string
	for n := rd.uvarint(); n > 0 && !rd.short; n-- {
		name, err := rd.table()
		if err != nil {
			return record{}, err
		}
		tables = append(tables, name)
	}
	if rd.short {
		return record{}, errShort
	}
	if r.commit == 0 || r.commit > maxNumber {
		return record{}, corrupt("holds an impossible commit number")
	}
	for len(rd.b) > 0 {
		op, err := readOp(&rd, tables)
		if err != nil {
			return record{}, err
		}
		r.ops = append(r.ops, op)
	}
	return r, nil
}

func readOp(rd *reader, tables []string) (op mvcc.Op, err error) {
	kind := rd.byte()
	table := rd.uvarint()
	if rd.short {
		return op, errShort
	}
	if table >= uint64(len(tables)) {
		return op, corrupt("names a table that it doesn't list")
	}
	op.Table = tables[table]
	key, value := uint64(0), uint64(0)
	switch kind {
	case opDrop:
		op.Kind = mvcc.Drop
		return op, nil
	case opDelete:
		op.Kind = mvcc.Delete
		key = rd.uvarint()
	case opStamped:
		for n := rd.uvarint(); n > 0 && !rd.short; n-- {
			place := rd.uvarint()
			op.Stamps = append(op.Stamps, backend.Stamp{InKey: place&1 == 1, Offset: int(min(place>>1, backend.MaxValue))})
		}
		fallthrough
	case opPut:
		key, value = rd.uvarint(), rd.uvarint()
	default:
		return op, corrupt("holds an unknown operation")
	}
	op.Pair = rd.pair(key, value)
	switch {
	case rd.short:
		return op, errShort
	case backend.CheckPut(op.Table, op.Pair.Key(), op.Pair.Value(), op.Stamps) != nil:
		return op, corrupt("holds an impossible operation")
	}
	return op, nil
}
