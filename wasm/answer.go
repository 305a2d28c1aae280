package wasm

import (
	"encoding/binary"

	"github.com/larderdb/larder/internal/msgp"
)

// An answer is what an operation answers at once: the bytes that the answer
// header points at. Its slices are used again by the next call.
type answer struct {
	data  []byte
	token []byte
	key   []byte // that is looked up
	count int

	stirred bool // goroutines have something to do
}

// maxKept is the size over which an answer's memory isn't kept for the next.
const maxKept = 4 << 20

func (a *answer) reset() {
	if cap(a.data) > maxKept {
		a.data = nil
	}
	a.data, a.token, a.count, a.stirred = a.data[:0], a.token[:0], 0, false
}

// addRow adds a row. It is copied, since it is read when the transaction has ended.
func (a *answer) addRow(data []byte) {
	a.data = append(a.data, data...)
	a.count++
}

// addMissing adds undefined in a row's place.
func (a *answer) addMissing() {
	a.data = append(a.data, 0xd4, msgp.ExtUndefined, 0)
	a.count++
}

// appendText appends a text as msgpack.
func appendText(dst []byte, s string) []byte {
	switch n := len(s); {
	case n < 32:
		dst = append(dst, 0xa0|byte(n))
	case n < 1<<8:
		dst = append(dst, 0xd9, byte(n))
	case n < 1<<16:
		dst = append(dst, 0xda, byte(n>>8), byte(n))
	default:
		dst = append(dst, 0xdb, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return append(dst, s...)
}

// appendBytes appends bytes as msgpack.
func appendBytes(dst, b []byte) []byte {
	dst = binary.BigEndian.AppendUint32(append(dst, 0xc6), uint32(len(b)))
	return append(dst, b...)
}

// appendTexts appends an array of texts as msgpack.
func appendTexts(dst []byte, list []string) []byte {
	n := len(list)
	dst = append(dst, 0xdd, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	for _, s := range list {
		dst = appendText(dst, s)
	}
	return dst
}
