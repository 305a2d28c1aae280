package entity

import (
	"strconv"
	"strings"

	"github.com/larderdb/larder/backend"
)

// A Plan is how a query runs on what a transaction sees, as [Query.Explain]
// returns it. Its String is for developers.
type Plan struct {
	Store   string
	Index   string   // that is walked; empty when it is the store itself
	Ranges  []string // of its keys, as [keys.Fmt] prints keys; none when nothing can match
	Entries int      // how many entries, or rows, they hold after the token

	// TableScan is set when nothing keeps the query from reading every row of the
	// store or, where there is an Index, every row in it.
	TableScan bool

	And      []PlanStep // the indexes of And, in the order in which they are looked at
	LookedUp bool       // the rows that And has left are looked up, and the ranges not walked
	Distinct bool       // rows may have several keys in the ranges, and come at the first
	Filters  int        // how many functions see the decoded rows
	Sorted   bool       // in memory, by OrderBy
	Reverse  bool
	Limit    int  // 0 is none
	Settled  bool // in an Update, Rows finds all rows before the loop begins
}

// A PlanStep is what And has given to a query: keys in an index or, where Index
// is empty, the rows' own keys, which cost nothing to look at. Ranges of the
// store or the index that is walked are a part of [Plan].Ranges instead.
type PlanStep struct {
	Index     string
	Ranges    []string // as those of [Plan]
	Entries   int      // how many they hold; where rows are asked, at least so many
	Collected bool     // their primary keys are collected first; else each row is read and asked
}

// Explain returns how the query would run in tx. It counts, and collects the
// primary keys that the query would collect, but reads no row.
func (q *Query[K, V]) Explain(tx *Tx) (*Plan, error) {
	r, err := q.start("explain", tx)
	if err != nil {
		return nil, err
	}
	w := &r.walk
	p := &Plan{
		Store:    r.table,
		Index:    w.scan.place.index,
		Ranges:   fmtRanges(w.whole, q.first.isKey),
		LookedUp: r.looksUp,
		Distinct: q.first.several,
		Filters:  len(q.filters),
		Sorted:   q.order != nil,
		Reverse:  q.reverse,
		Limit:    q.limit,
		Settled:  tx.w != nil && r.settles(),
	}
	for _, ranges := range w.keyed {
		p.And = append(p.And, PlanStep{Ranges: fmtRanges(ranges, isKey[K])})
	}
	for _, st := range r.steps {
		p.And = append(p.And, PlanStep{st.index.index().name, fmtRanges(st.ranges, st.isKey), st.entries, st.collected})
	}
	all := len(w.whole) == 1 && len(w.whole[0].Start) == 0 && w.whole[0].End == nil
	p.TableScan = all && w.only == nil && w.limit == 0 && q.token == ""
	if p.Entries, err = tx.countRanges(w.scan.table, w.ranges, 0); err != nil {
		return nil, r.failure(nil, err)
	}
	return p, nil
}

func fmtRanges(ranges []backend.Range, isKey func([]byte) bool) []string {
	var all []string
	for _, r := range ranges {
		all = append(all, fmtRange(r, isKey))
	}
	return all
}

// maxShown is how many ranges of a selection String prints.
const maxShown = 5

// String returns a few lines: what is walked, and what happens to it, in order.
func (p *Plan) String() string {
	var b strings.Builder
	where, n := "store "+p.Store, quantity(p.Entries, "row", "rows")
	if p.Index != "" {
		where, n = "index "+p.Index+" of "+p.Store, entries(p.Entries)
	}
	switch {
	case p.LookedUp:
		b.WriteString("looks up the rows that have the keys below, in the order of " + where + shown(p.Ranges))
	case p.TableScan && p.Index == "":
		b.WriteString("reads the whole table " + p.Store + ": " + n)
	case p.TableScan:
		b.WriteString("reads the whole " + where + " and the row of each entry: " + n)
	default:
		b.WriteString("walks " + where + shown(p.Ranges) + ": " + n)
	}
	if p.Reverse && !p.Sorted {
		b.WriteString(", descending")
	}
	for _, st := range p.And {
		if st.Index == "" {
			b.WriteString("\n  keeps rows of " + p.Store + shown(st.Ranges))
			continue
		}
		b.WriteString("\n  keeps rows with a key in index " + st.Index + shown(st.Ranges))
		if st.Collected {
			b.WriteString(": " + entries(st.Entries) + ", collected first")
		} else {
			b.WriteString(": more entries, so each row is read and asked")
		}
	}
	if p.Distinct {
		b.WriteString("\n  keeps each row once, at the first of its keys")
	}
	if p.Filters > 0 {
		b.WriteString("\n  decodes rows and keeps those that pass " + quantity(p.Filters, "filter", "filters"))
	}
	if p.Settled {
		b.WriteString("\n  finds all rows before the loop begins, which may change them")
	}
	switch {
	case p.Sorted && p.Limit > 0:
		b.WriteString("\n  sorts in memory, and keeps " + quantity(p.Limit, "row", "rows"))
	case p.Sorted:
		b.WriteString("\n  sorts all in memory")
	case p.Limit > 0:
		b.WriteString("\n  stops after " + quantity(p.Limit, "row", "rows"))
	}
	return b.String()
}

func entries(n int) string { return quantity(n, "entry", "entries") }

func quantity(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// shown prints ranges after the name of what they are of.
func shown(ranges []string) string {
	switch n := len(ranges); {
	case n == 0:
		return ", no keys"
	case n == 1 && ranges[0] == allKeys:
		return ", " + allKeys
	case n > maxShown:
		return ", keys " + strings.Join(ranges[:maxShown], " or ") + " or " + quantity(n-maxShown, "other range", "other ranges")
	}
	return ", keys " + strings.Join(ranges, " or ")
}
