package entity_test

import (
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/keys"
)

func TestExplain(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		db, d, decoded := manyItems(t, s, 200)
		low := d.byRank.Query(keys.Before(keys.Int(50)))
		tag := func(tag keys.String) *entity.Query[itemKey, Item] { return d.byTag.Query(keys.Eq(tag)) }
		ofA := d.store.Query(keys.Prefix[itemKey](keys.String("a")))
		odd := func(_ itemKey, it *Item) bool { return it.Rank%2 == 1 }
		byRank := func(a, b *entity.Row[itemKey, Item]) int { return a.Value.Rank - b.Value.Rank }
		var ranks []keys.Range[keys.Int]
		for i := range 7 {
			ranks = append(ranks, keys.Eq(keys.Int(10*i)))
		}
		for _, c := range []struct {
			name  string
			query *entity.Query[itemKey, Item]
			table bool // TableScan
			want  string
		}{
			{"a query that must read the whole table says so", d.store.Query(), true,
				"reads the whole table items: 200 rows"},
			{"a filter doesn't help against that", d.store.Query().Filter(odd).Limit(3).Reverse(), true,
				"reads the whole table items: 200 rows, descending\n" +
					"  decodes rows and keeps those that pass 1 filter\n" +
					"  stops after 3 rows"},
			{"a limit does", d.store.Query().Limit(3), false,
				"walks store items, all keys: 200 rows\n  stops after 3 rows"},
			{"a query that must read the row of each entry says so", d.byRank.Query().OrderBy(byRank).Limit(2).Reverse(), true,
				"reads the whole index by_rank of items and the row of each entry: 200 entries\n" +
					"  sorts in memory, and keeps 2 rows"},
			{"a prefix", ofA, false,
				`walks store items, keys beginning with ("a"): 100 rows`},
			{"one key", d.store.Query(keys.Eq(itemID("a", 4))), false,
				`walks store items, keys = ("a", 4): 1 row`},
			{"ranges are joined and sorted", d.byRank.Query(keys.From(keys.Int(150)), keys.Between(keys.Int(3), keys.Int(7)), keys.After(keys.Int(4)).Intersect(keys.UpTo(keys.Int(8)))), false,
				"walks index by_rank of items, keys from (3) up to (8) or from (150): 56 entries"},
			{"many ranges", d.byRank.Query(ranks...), false,
				"walks index by_rank of items, keys = (0) or = (10) or = (20) or = (30) or = (40) or 2 other ranges: 7 entries"},
			{"bounds that are not in it", d.byRank.Query(keys.After(keys.Int(3)).Intersect(keys.Before(keys.Int(9)))), false,
				"walks index by_rank of items, keys after (3) before (9): 5 entries"},
			{"nothing", d.byRank.Query(keys.Between(keys.Int(3), keys.Int(3))), false,
				"walks index by_rank of items, no keys: 0 entries"},
			{"the beginning of a string", d.byTag.Query(keys.StringPrefix[keys.String]("t")), false,
				`walks index by_tag of items, keys beginning with ("t"): 200 entries` + "\n  keeps each row once, at the first of its keys"},
			{"a descending component", d.byOwner.Query(keys.Prefix[ranked](keys.String("a"), keys.Desc[keys.Int]{Value: 4})), false,
				`walks index by_owner of items, keys = ("a", desc(4)): 1 entry`},
			{"And of an index that is collected", low.And(tag("t1")), false,
				"walks index by_rank of items, keys before (50): 50 entries\n" +
					`  keeps rows with a key in index by_tag, keys = ("t1"): 50 entries, collected first`},
			{"And of an index that rows are asked for", d.byRank.Query(keys.Before(keys.Int(5))).And(tag("all"), d.byTag.Query(keys.Eq(keys.String("t1")))).Filter(odd).Filter(odd), false,
				"walks index by_rank of items, keys before (5): 5 entries\n" +
					`  keeps rows with a key in index by_tag, keys = ("t1"): more entries, so each row is read and asked` + "\n" +
					`  keeps rows with a key in index by_tag, keys = ("all"): more entries, so each row is read and asked` + "\n" +
					"  decodes rows and keeps those that pass 2 filters"},
			{"And that leaves few", tag("all").And(d.byCode.Query(keys.Eq(keys.String("c10")))), false,
				`looks up the rows that have the keys below, in the order of index by_tag of items, keys = ("all")` + "\n" +
					`  keeps rows with a key in index by_code, keys = ("c10"): 1 entry, collected first`},
			{"And of primary keys", low.And(ofA), false,
				"walks index by_rank of items, keys before (50): 50 entries\n" +
					`  keeps rows of items, keys beginning with ("a")`},
			{"And of the same index", low.And(d.byRank.Query(keys.From(keys.Int(40)))).OrderBy(byRank), false,
				"walks index by_rank of items, keys from (40) before (50): 10 entries\n  sorts all in memory"},
		} {
			t.Run("B41 "+c.name, func(t *testing.T) {
				view(t, db, func(tx *entity.Tx) error {
					p, err := c.query.Explain(tx)
					if err != nil {
						return err
					}
					if p.String() != c.want {
						t.Errorf("the plan is\n%s\nwant\n%s", p, c.want)
					}
					if p.TableScan != c.table {
						t.Errorf("TableScan = %v, want %v", p.TableScan, c.table)
					}
					return nil
				})
			})
		}
		if *decoded != 0 {
			t.Errorf("Explain decodes %d rows", *decoded)
		}
		t.Run("B41 a loop that may write has its rows beforehand", func(t *testing.T) {
			update(t, db, func(tx *entity.Tx) error {
				for _, c := range []struct {
					query *entity.Query[itemKey, Item]
					want  bool
				}{{low, false}, {d.byRank.Query(ranks...), true}, {d.byTag.Query(), true}, {tag("t1"), false}, {d.byTag.Query().OrderBy(byRank), false}} {
					if p, err := c.query.Explain(tx); err != nil || p.Settled != c.want {
						t.Errorf("Settled of %v is %v, want %v", p, err, c.want)
					}
				}
				return nil
			})
		})
		t.Run("B41 what a token leaves is counted", func(t *testing.T) {
			view(t, db, func(tx *entity.Tx) error {
				var token string
				for row, err := range d.store.Query().Limit(30).Rows(tx) {
					if err != nil {
						return err
					}
					if token, err = row.Token(); err != nil {
						return err
					}
				}
				p, err := d.store.Query().Resume(token).Explain(tx)
				if err != nil || p.Entries != 170 {
					t.Errorf("Entries = %v, %v, want 170", p, err)
				}
				return nil
			})
		})
	})
}
