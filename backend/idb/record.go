package idb

import (
	"encoding/binary"
	"slices"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/mvcc"
	"github.com/larderdb/larder/internal/pagetree"
)

// A record is what the object store "log" holds under one key: a group of
// commits of one context. Its body is
//
//	database id, context id (16 bytes each)
//	the first commit's place among its context's, its number (8 bytes each)
//	count of commits, then each one's operations with their length before them
//
// where counts and lengths are uvarints.
type record struct {
	db      id
	context id       // which Store wrote it
	serial  uint64   // of the first commit: counts the commits of that Store, from 1
	commit  uint64   // number of the first commit, and the record's key
	commits [][]byte // the operations of each, as appendOps writes them
}

// encode returns the record's bytes.
func (r *record) encode() []byte {
	size := headerSize + 2*16 + 2*8 + binary.MaxVarintLen32 + sumSize
	for _, ops := range r.commits {
		size += binary.MaxVarintLen32 + len(ops)
	}
	b := make([]byte, 0, size)
	b = append(b, kindRecord, pagetree.Version)
	b = append(b, r.db[:]...)
	b = append(b, r.context[:]...)
	b = binary.BigEndian.AppendUint64(b, r.serial)
	b = binary.BigEndian.AppendUint64(b, r.commit)
	b = binary.AppendUvarint(b, uint64(len(r.commits)))
	for _, ops := range r.commits {
		b = binary.AppendUvarint(b, uint64(len(ops)))
		b = append(b, ops...)
	}
	return pagetree.Seal(b)
}

// decodeRecord returns the record in b. Its commits refer to b; their
// operations are still to be decoded.
func decodeRecord(b []byte) (record, error) {
	body, err := pagetree.Unseal(kindRecord, b)
	if err != nil {
		return record{}, err
	}
	rd := reader{b: body}
	r := record{db: rd.id(), context: rd.id(), serial: rd.uint64(), commit: rd.uint64()}
	count := rd.uvarint()
	for n := count; n > 0 && !rd.short; n-- {
		r.commits = append(r.commits, rd.bytes(rd.uvarint()))
	}
	switch {
	case rd.short:
		return record{}, errShort
	case len(rd.b) > 0:
		return record{}, corrupt("goes on after its end")
	case count == 0:
		return record{}, corrupt("holds no commit")
	case r.commit == 0 || r.commit > maxNumber || count-1 > maxNumber-r.commit:
		return record{}, corrupt("holds an impossible commit number")
	case r.serial == 0 || r.serial > maxNumber || count-1 > maxNumber-r.serial:
		return record{}, corrupt("holds an impossible place among its context's commits")
	}
	return r, nil
}

// The operations of a commit are
//
//	tables: their count, then each name with its length before it
//	operations up to the end
//
// An operation is a byte that says what it does, the table's index, and
//
//	put      length of key, length of value, key, value
//	delete   length of key, key
//	drop     nothing
//	stamped  count of stamps; each as twice its offset, and one when it is in
//	         the key; then as put
//
// A stamp's eight bytes are stored as 0xFF and receive the commit's number
// when the operations are applied.
const (
	opPut = 1 + iota
	opDelete
	opDrop
	opStamped
)

// encodeOps returns the operations of a commit as a record has them. It goes
// through them twice, to write into one buffer of the right size.
func encodeOps(ops []mvcc.Op) []byte {
	var tables tableList
	places := make([]int32, len(ops)) // of their tables
	size := 2 * binary.MaxVarintLen32
	for i := range ops {
		op := &ops[i]
		n := len(tables.names)
		place := tables.index(op.Table)
		if place == n {
			size += binary.MaxVarintLen32 + len(op.Table)
		}
		places[i] = int32(place)
		size += 1 + 3*binary.MaxVarintLen32 + len(op.Stamps)*binary.MaxVarintLen32 + len(op.Pair.Key()) + len(op.Pair.Value())
	}
	b := binary.AppendUvarint(make([]byte, 0, size), uint64(len(tables.names)))
	for _, name := range tables.names {
		b = appendTable(b, name)
	}
	for i := range ops {
		b = appendOp(b, &ops[i], uint64(places[i]))
	}
	return b
}

// A tableList numbers tables in the order in which they are first asked for.
type tableList struct {
	names  []string
	places map[string]int // when there are more than a few
}

// fewTables is how many names are looked through faster than hashed.
const fewTables = 8

// index returns the number of a table, which is new when it is the highest
// yet.
func (l *tableList) index(name string) int {
	if l.places == nil {
		if i := slices.Index(l.names, name); i >= 0 {
			return i
		}
	} else if i, ok := l.places[name]; ok {
		return i
	}
	l.names = append(l.names, name)
	switch n := len(l.names); {
	case n == fewTables:
		l.places = make(map[string]int, 2*fewTables)
		for i, name := range l.names {
			l.places[name] = i
		}
	case n > fewTables:
		l.places[name] = n - 1
	}
	return len(l.names) - 1
}

func appendOp(b []byte, op *mvcc.Op, table uint64) []byte {
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

// decodeOps returns the operations of a commit. Their pairs refer to b, to
// which applying them writes the commit's number.
func decodeOps(b []byte) ([]mvcc.Op, error) {
	rd := reader{b: b}
	var tables []string
	for n := rd.uvarint(); n > 0 && !rd.short; n-- {
		name, err := rd.table()
		if err != nil {
			return nil, err
		}
		tables = append(tables, name)
	}
	if rd.short {
		return nil, errShort
	}
	var ops []mvcc.Op
	for len(rd.b) > 0 {
		op, err := readOp(&rd, tables)
		if err != nil {
			return nil, err
		}
		ops = append(ops, op)
	}
	return ops, nil
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
	case backend.CheckPair(op.Table, op.Pair.Key(), op.Pair.Value(), op.Stamps) != nil:
		return op, corrupt("holds an impossible operation")
	}
	return op, nil
}
