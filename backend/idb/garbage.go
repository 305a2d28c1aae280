package idb

import (
	"encoding/binary"
	"iter"

	"github.com/larderdb/larder/internal/pagetree"
)

// A garbage page lists pages that are no part of the database since the
// checkpoint that wrote it.
type garbage struct {
	page  pagetree.ID
	pages []uint64
}

// garbageCount bounds the pages that one garbage page lists.
const garbageCount = 4096

func (g *garbage) encode() []byte {
	b := make([]byte, 0, headerSize+8+binary.MaxVarintLen32+8*len(g.pages)+sumSize)
	b = binary.BigEndian.AppendUint64(append(b, kindGarbage, pagetree.Version), uint64(g.page))
	return pagetree.Seal(appendNumbers(b, g.pages))
}

// decodeGarbage returns the garbage page in b, which should be that page.
func decodeGarbage(page pagetree.ID, b []byte) (garbage, error) {
	body, err := pagetree.Unseal(kindGarbage, b)
	if err != nil {
		return garbage{}, err
	}
	rd := reader{b: body}
	g := garbage{page: pagetree.ID(rd.uint64()), pages: rd.numbers()}
	switch {
	case rd.short:
		return garbage{}, errShort
	case len(rd.b) != 0:
		return garbage{}, corrupt("goes on after its end")
	case g.page != page:
		return garbage{}, corrupt("belongs to another place")
	}
	for _, p := range g.pages {
		if p > maxNumber {
			return garbage{}, corrupt("lists an impossible page")
		}
	}
	return g, nil
}

// runs returns the runs of consecutive ids in ascending numbers, first and last
// included.
func runs(numbers []uint64) iter.Seq2[uint64, uint64] {
	return func(yield func(first, last uint64) bool) {
		for i := 0; i < len(numbers); {
			j := i + 1
			for j < len(numbers) && numbers[j] == numbers[j-1]+1 {
				j++
			}
			if !yield(numbers[i], numbers[j-1]) {
				return
			}
			i = j
		}
	}
}
