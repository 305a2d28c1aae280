package entity_test

import (
	"fmt"
	"iter"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

// An Item is the row of the queries' tests. It has an index of each kind.
type Item struct {
	Rank int
	Code string // unique unless empty
	Tags []string
	Open bool
}

type (
	itemKey = keys.T2[keys.String, keys.Int] // owner, number
	ranked  = keys.T2[keys.String, keys.Desc[keys.Int]]
	tagged  = keys.T2[keys.String, keys.Int]
)

type items struct {
	store   *entity.Store[itemKey, Item]
	byRank  *entity.Index[keys.Int, itemKey, Item]
	byTag   *entity.Index[keys.String, itemKey, Item]
	byOpen  *entity.Index[keys.Int, itemKey, Item] // of open ones
	byCode  *entity.Unique[keys.String, itemKey, Item]
	byOwner *entity.Index[ranked, itemKey, Item]
	byBoth  *entity.Index[tagged, itemKey, Item] // tags with ranks, of open ones
}

func tagsOf[I keys.Key[I]](it *Item, key func(tag string) I) iter.Seq[I] {
	return func(yield func(I) bool) {
		for _, tag := range it.Tags {
			if !yield(key(tag)) {
				return
			}
		}
	}
}

func newItems(codec entity.Codec[Item]) items {
	open := func(_ itemKey, it *Item) bool { return it.Open }
	rank := func(_ itemKey, it *Item) keys.Int { return keys.Int(it.Rank) }
	d := items{
		byRank: entity.NewIndex("by_rank", rank),
		byTag: entity.NewMultiIndex("by_tag", func(_ itemKey, it *Item) iter.Seq[keys.String] {
			return tagsOf(it, func(tag string) keys.String { return keys.String(tag) })
		}),
		byOpen: entity.NewIndex("by_open", rank).Where(open),
		byCode: entity.NewUnique("by_code", func(_ itemKey, it *Item) keys.String { return keys.String(it.Code) }).
			Where(func(_ itemKey, it *Item) bool { return it.Code != "" }),
		byOwner: entity.NewIndex("by_owner", func(k itemKey, it *Item) ranked {
			return ranked{A: k.A, B: keys.Desc[keys.Int]{Value: keys.Int(it.Rank)}}
		}),
		byBoth: entity.NewMultiIndex("by_both", func(_ itemKey, it *Item) iter.Seq[tagged] {
			return tagsOf(it, func(tag string) tagged { return tagged{A: keys.String(tag), B: keys.Int(it.Rank)} })
		}).Where(open),
	}
	d.store = entity.New[itemKey]("items", codec, d.byRank, d.byTag, d.byOpen, d.byCode, d.byOwner, d.byBoth)
	return d
}

func itemID(owner string, n int) itemKey { return itemKey{A: keys.String(owner), B: keys.Int(n)} }

// A counting codec counts what it decodes.
type counting[V any] struct {
	entity.Codec[V]
	decoded *int
}

func (c counting[V]) Decode(src []byte, v *V) error {
	*c.decoded++
	return c.Codec.Decode(src, v)
}

// manyItems opens a database of n items, and counts how many of them are decoded
// from then on. Item i of owner "a" or "b" has rank i and a tag or two; every
// tenth is open and has a code.
func manyItems(t testing.TB, s backend.Store, n int) (*entity.DB, items, *int) {
	t.Helper()
	decoded := new(int)
	d := newItems(counting[Item]{msgpack.Of[Item](), decoded})
	db := open(t, s, d.store)
	update(t, db, func(tx *entity.Tx) error {
		for i := range n {
			it := Item{Rank: i, Tags: []string{"all", fmt.Sprint("t", i%4)}}
			if i%10 == 0 {
				it.Open, it.Code = true, fmt.Sprint("c", i)
			}
			if err := d.store.Put(tx, itemID(string("ab"[i%2]), i), it); err != nil {
				return err
			}
		}
		return nil
	})
	*decoded = 0
	return db, d, decoded
}
