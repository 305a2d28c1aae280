package entity_test

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"log"
	"maps"
	"slices"

	"github.com/larderdb/larder/backend/memory"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

// An Order has a customer and a total in cents. Day counts days.
type Order struct {
	Customer string
	Day      int
	Total    int
	Labels   []string
	Paid     bool
}

// A Newest is a customer and a day, the newest first.
type Newest = keys.T2[keys.String, keys.Desc[keys.Int]]

var (
	ByDay      = entity.NewIndex("by_day", func(_ keys.Int, o *Order) keys.Int { return keys.Int(o.Day) })
	ByCustomer = entity.NewIndex("by_customer", func(_ keys.Int, o *Order) Newest {
		return Newest{A: keys.String(o.Customer), B: keys.Desc[keys.Int]{Value: keys.Int(o.Day)}}
	})
	ByLabel = entity.NewMultiIndex("by_label", func(_ keys.Int, o *Order) iter.Seq[keys.String] {
		return func(yield func(keys.String) bool) {
			for _, label := range o.Labels {
				if !yield(keys.String(label)) {
					return
				}
			}
		}
	})
	Unpaid = entity.NewIndex("unpaid", func(_ keys.Int, o *Order) keys.Int { return keys.Int(o.Day) }).
		Where(func(_ keys.Int, o *Order) bool { return !o.Paid })
	Orders = entity.New[keys.Int]("orders", msgpack.Of[Order](), ByDay, ByCustomer, ByLabel, Unpaid)
)

// withOrders runs fn in an Update of a database of five orders.
func withOrders(fn func(tx *entity.Tx) error) {
	ctx := context.Background()
	db, err := entity.Open(ctx, memory.New(), Orders)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close(ctx)
	err = db.Update(ctx, func(ctx context.Context, tx *entity.Tx) error {
		for i, o := range []Order{
			{"ada", 1, 500, []string{"gift"}, true},
			{"bob", 2, 2000, []string{"express"}, false},
			{"ada", 3, 700, []string{"express", "gift"}, false},
			{"eve", 5, 100, nil, true},
			{"ada", 8, 900, []string{"gift"}, true},
		} {
			if err := Orders.Put(tx, keys.Int(i+1), o); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = db.Update(ctx, func(ctx context.Context, tx *entity.Tx) error { return fn(tx) })
	}
	if err == nil {
		err = entity.Verify(ctx, db)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func ExampleStore_Query() {
	withOrders(func(tx *entity.Tx) error {
		wanted := Orders.Query(keys.Eq(keys.Int(1)), keys.Between(keys.Int(3), keys.Int(5)))
		for row, err := range wanted.Rows(tx) {
			if err != nil {
				return err
			}
			fmt.Println(row.Key, row.Value.Customer)
		}
		return nil
	})
	// Output:
	// 1 ada
	// 3 ada
	// 4 eve
}

func ExampleIndex_Query() {
	withOrders(func(tx *entity.Tx) error {
		latest := ByDay.Query(keys.Between(keys.Int(1), keys.Int(8))).Reverse().Limit(2)
		for row, err := range latest.Rows(tx) {
			if err != nil {
				return err
			}
			fmt.Println(row.Value.Day, row.Value.Customer)
		}
		return nil
	})
	// Output:
	// 5 eve
	// 3 ada
}

// An order that has both labels comes once.
func ExampleIndex_Query_any() {
	withOrders(func(tx *entity.Tx) error {
		either := ByLabel.Query(keys.Eq[keys.String]("express"), keys.Eq[keys.String]("gift"))
		for row, err := range either.Rows(tx) {
			if err != nil {
				return err
			}
			fmt.Println(row.Key, row.Value.Labels)
		}
		return nil
	})
	// Output:
	// 2 [express]
	// 3 [express gift]
	// 1 [gift]
	// 5 [gift]
}

// A compound index is asked for its first component, and is in the order of
// the next one, here descending.
func ExampleIndex_Query_compound() {
	withOrders(func(tx *entity.Tx) error {
		ofAda := ByCustomer.Query(keys.Prefix[Newest](keys.String("ada")))
		for row, err := range ofAda.Limit(2).Rows(tx) {
			if err != nil {
				return err
			}
			fmt.Println(row.Value.Day)
		}
		return nil
	})
	// Output:
	// 8
	// 3
}

func ExampleQuery_And() {
	withOrders(func(tx *entity.Tx) error {
		both := ByLabel.Query(keys.Eq[keys.String]("express")).And(ByLabel.Query(keys.Eq[keys.String]("gift")))
		unpaid := both.And(Unpaid.Query())
		for row, err := range unpaid.Rows(tx) {
			if err != nil {
				return err
			}
			fmt.Println(row.Key, row.Value.Labels)
		}
		return nil
	})
	// Output: 3 [express gift]
}

func ExampleQuery_Filter() {
	withOrders(func(tx *entity.Tx) error {
		large := ByDay.Query().Filter(func(_ keys.Int, o *Order) bool { return o.Total >= 900 })
		for row, err := range large.Rows(tx) {
			if err != nil {
				return err
			}
			fmt.Println(row.Key, row.Value.Total)
		}
		return nil
	})
	// Output:
	// 2 2000
	// 5 900
}

func ExampleQuery_OrderBy() {
	withOrders(func(tx *entity.Tx) error {
		byTotal := func(a, b *entity.Row[keys.Int, Order]) int { return cmp.Compare(a.Value.Total, b.Value.Total) }
		dearest := ByDay.Query(keys.From(keys.Int(2))).OrderBy(byTotal).Reverse().Limit(2)
		for row, err := range dearest.Rows(tx) {
			if err != nil {
				return err
			}
			fmt.Println(row.Key, row.Value.Total)
		}
		return nil
	})
	// Output:
	// 2 2000
	// 5 900
}

func ExampleQuery_Resume() {
	withOrders(func(tx *entity.Tx) error {
		page := func(token string) (next string, err error) {
			for row, err := range ByDay.Query().Resume(token).Limit(3).Rows(tx) {
				if err != nil {
					return "", err
				}
				fmt.Print(row.Value.Day, " ")
				if next, err = row.Token(); err != nil {
					return "", err
				}
			}
			return next, nil
		}
		next, err := page("")
		if err != nil {
			return err
		}
		fmt.Println("- next page")
		_, err = page(next)
		return err
	})
	// Output:
	// 1 2 3 - next page
	// 5 8
}

func ExampleQuery_First() {
	withOrders(func(tx *entity.Tx) error {
		row, found, err := ByCustomer.Query(keys.Prefix[Newest](keys.String("ada"))).First(tx)
		if err != nil || !found {
			return err
		}
		fmt.Println("ada's last order was on day", row.Value.Day)
		return nil
	})
	// Output: ada's last order was on day 8
}

func ExampleQuery_Count() {
	withOrders(func(tx *entity.Tx) error {
		n, err := ByLabel.Query(keys.Eq[keys.String]("gift")).And(Unpaid.Query()).Count(tx)
		fmt.Println(n)
		return err
	})
	// Output: 1
}

func ExampleQuery_Explain() {
	withOrders(func(tx *entity.Tx) error {
		slow := Orders.Query().Filter(func(_ keys.Int, o *Order) bool { return o.Day == 3 })
		quick := ByDay.Query(keys.Eq(keys.Int(3)))
		for _, q := range []*entity.Query[keys.Int, Order]{slow, quick} {
			plan, err := q.Explain(tx)
			if err != nil {
				return err
			}
			fmt.Println(plan)
		}
		return nil
	})
	// Output:
	// reads the whole table orders: 5 rows
	//   decodes rows and keeps those that pass 1 filter
	// walks index by_day of orders, keys = (3): 1 entry
}

// A loop in an Update may change the rows that it comes to, and others.
func ExampleQuery_Rows() {
	withOrders(func(tx *entity.Tx) error {
		for row, err := range Unpaid.Query(keys.Before(keys.Int(3))).Rows(tx) {
			if err != nil {
				return err
			}
			row.Value.Paid = true
			if err := Orders.Put(tx, row.Key, row.Value); err != nil {
				return err
			}
		}
		n, err := Unpaid.Query().Count(tx)
		fmt.Println(n, "left")
		return err
	})
	// Output: 1 left
}

func ExampleSummarize() {
	withOrders(func(tx *entity.Tx) error {
		total := func(_ keys.Int, o *Order) int { return o.Total }
		all, err := entity.Summarize(tx, ByDay.Query(keys.UpTo(keys.Int(5))), total)
		if err != nil {
			return err
		}
		fmt.Println(all.Count, all.Sum, all.Min, all.Max, all.Avg())
		return nil
	})
	// Output: 4 3300 100 2000 825
}

func ExampleGroupBy() {
	withOrders(func(tx *entity.Tx) error {
		customer := func(_ keys.Int, o *Order) string { return o.Customer }
		total := func(_ keys.Int, o *Order) int { return o.Total }
		groups, err := entity.GroupBy(tx, Orders.Query(), customer, total)
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(groups)) {
			fmt.Println(name, groups[name].Count, groups[name].Sum)
		}
		return nil
	})
	// Output:
	// ada 3 2100
	// bob 1 2000
	// eve 1 100
}

func ExampleProject() {
	withOrders(func(tx *entity.Tx) error {
		type Line struct{ Day, Total int }
		for row, err := range entity.Project(tx, ByDay.Query().Limit(2), msgpack.Of[Line]()) {
			if err != nil {
				return err
			}
			fmt.Println(row.Key, row.Value.Day, row.Value.Total)
		}
		return nil
	})
	// Output:
	// 1 1 500
	// 2 2 2000
}
