package idb

import "github.com/larderdb/larder/internal/mvcc"

// A checkpointLoader builds the snapshot of a checkpoint from its records.
type checkpointLoader struct {
	mvcc.Loader
	checkpoint uint64
	next       uint32 // index of the next record
	table      string
	values     map[uint64][]byte // those whose pages are still to come
}

// add takes the checkpoint's next record. The snapshot's pairs refer to b. It
// calls rest now and then, so that a long job can be done in turns, and fails
// with its error.
func (l *checkpointLoader) add(b []byte, rest func() error) error {
	index := l.next
	l.next++
	if isValue(b) {
		value, err := decodeValue(b, l.checkpoint, index)
		if err != nil {
			return err
		}
		if l.values == nil {
			l.values = map[uint64][]byte{}
		}
		l.values[uint64(index)] = value
		return rest()
	}
	p, err := decodePage(b, l.checkpoint, index)
	if err != nil {
		return err
	}
	n := 0
	for e, err := range p.all() {
		if err == nil {
			err = l.entry(e)
		}
		if n++; err == nil && n%64 == 0 {
			err = rest()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *checkpointLoader) entry(e entry) error {
	if e.table != l.table {
		if err := l.Table(e.table); err != nil {
			return err
		}
		l.table = e.table
	}
	if !e.isPair {
		return nil
	}
	if e.external {
		value, ok := l.values[e.index]
		if !ok {
			return corrupt("refers to a value that isn't there")
		}
		delete(l.values, e.index)
		e.pair = mvcc.Join(e.pair.Key(), value)
	}
	return l.Add(e.pair)
}
