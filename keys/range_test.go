package keys_test

import (
	"bytes"
	"cmp"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/keys"
	"pgregory.net/rapid"
)

func holds(r backend.Range, key []byte) bool {
	return bytes.Compare(key, r.Start) >= 0 && (r.End == nil || bytes.Compare(key, r.End) < 0)
}

// checkRanges checks which keys each range selects, in a store, where the key
// is all there is, and in an index, where a primary key follows.
func checkRanges[K keys.Key[K]](t *testing.T, name string, gen *rapid.Generator[K], compare func(a, b K) int) {
	t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
		k, a, b := gen.Draw(t, "k"), gen.Draw(t, "a"), gen.Draw(t, "b")
		stored := encode(t, k)
		entry := append(stored[:len(stored):len(stored)], encode(t, Elements.Draw(t, "primary key"))...)
		for _, c := range []struct {
			name string
			r    keys.Range[K]
			want bool
		}{
			{"All", keys.All[K](), true},
			{"zero", keys.Range[K]{}, true},
			{"Eq", keys.Eq(a), k == a},
			{"From", keys.From(a), compare(k, a) >= 0},
			{"After", keys.After(a), compare(k, a) > 0},
			{"Before", keys.Before(a), compare(k, a) < 0},
			{"UpTo", keys.UpTo(a), compare(k, a) <= 0},
			{"Between", keys.Between(a, b), compare(k, a) >= 0 && compare(k, b) < 0},
			{"Intersect", keys.After(a).Intersect(keys.UpTo(b)), compare(k, a) > 0 && compare(k, b) <= 0},
			{"Intersect with Eq", keys.Eq(a).Intersect(keys.From(b)), k == a && compare(k, b) >= 0},
			{"Intersect with All", keys.Eq(a).Intersect(keys.All[K]()), k == a},
			{"All.Intersect", keys.All[K]().Intersect(keys.Eq(a)), k == a},
		} {
			r := must(c.r.Bounds())
			if got := holds(r, stored); got != c.want {
				t.Fatalf("%s of %v, %v holds %v: %v, want %v", c.name, a, b, k, got, c.want)
			}
			if got := holds(r, entry); got != c.want {
				t.Fatalf("%s of %v, %v holds an index entry of %v: %v, want %v", c.name, a, b, k, got, c.want)
			}
		}
	}))
}

func TestRangesSelectTheirKeys(t *testing.T) {
	checkRanges(t, "Int", rapid.Map(rapid.Int64Range(-3, 3), func(v int64) keys.Int { return keys.Int(v) }), cmp.Compare[keys.Int])
	checkRanges(t, "String", Strings, cmp.Compare[keys.String])
	checkRanges(t, "Bytes", ByteKs, cmp.Compare[keys.Bytes])
	checkRanges(t, "Desc of String", descending(Strings), reversed(cmp.Compare[keys.String]))
	checkRanges(t, "Element", Elements, compareElement)
}

func TestPrefixKeepsComponentsApart(t *testing.T) {
	type key = keys.T3[keys.String, keys.Element, keys.Bytes]
	gen := rapid.Custom(func(t *rapid.T) key {
		return key{A: Strings.Draw(t, "A"), B: Elements.Draw(t, "B"), C: ByteKs.Draw(t, "C")}
	})
	rapid.Check(t, func(t *rapid.T) {
		k, p := gen.Draw(t, "k"), gen.Draw(t, "p")
		if rapid.Bool().Draw(t, "same A") {
			p.A = k.A
		}
		stored := encode(t, k)
		for _, c := range []struct {
			r    keys.Range[key]
			want bool
		}{
			{keys.Prefix[key](), true},
			{keys.Prefix[key](p.A), k.A == p.A},
			{keys.Prefix[key](p.A, p.B), k.A == p.A && k.B == p.B},
			{keys.Prefix[key](p.A, p.B, p.C), k == p},
			{keys.StringPrefix[key](string(p.A)), strings.HasPrefix(string(k.A), string(p.A))},
		} {
			if got := holds(must(c.r.Bounds()), stored); got != c.want {
				t.Fatalf("prefix of %v holds %v: %v, want %v", p, k, got, c.want)
			}
		}
		// A string that is cut anywhere, after a component.
		s, cut := Strings.Draw(t, "s"), Strings.Draw(t, "cut")
		type named = keys.T2[keys.Bytes, keys.String]
		name := encode(t, named{A: k.C, B: s})
		r := must(keys.StringPrefix[named](string(cut), p.C).Bounds())
		if got, want := holds(r, name), k.C == p.C && strings.HasPrefix(string(s), string(cut)); got != want {
			t.Fatalf("string prefix %q after %q holds %q, %q: %v, want %v", cut, p.C, k.C, s, got, want)
		}
	})
}

// userRows are stored keys in order.
func userRows(t *testing.T, texts ...string) (rows [][]byte) {
	t.Helper()
	for _, s := range texts {
		rows = append(rows, encode(t, must(keys.ParseUserRowID(s))))
	}
	slices.SortFunc(rows, bytes.Compare)
	return rows
}

func selected[K keys.Key[K]](t *testing.T, r keys.Range[K], rows [][]byte) (texts []string) {
	t.Helper()
	b := must(r.Bounds())
	for _, row := range rows {
		if holds(b, row) {
			texts = append(texts, must(keys.Decode[keys.UserRowID](row)).String())
		}
	}
	return texts
}

func TestD3_APrefixDoesNotBleed(t *testing.T) {
	rows := userRows(t, "al:1", "alice:1", "alice:2", "alice2:1", "alicf:1", "bob:1")
	alice := must(keys.NewUserID("alice"))
	if got, want := selected(t, keys.Prefix[keys.UserRowID](alice), rows), []string{"alice:1", "alice:2"}; !slices.Equal(got, want) {
		t.Errorf("rows of alice: %q, want %q", got, want)
	}
	if got, want := selected(t, keys.StringPrefix[keys.UserRowID]("alice"), rows), []string{"alice:1", "alice:2", "alice2:1"}; !slices.Equal(got, want) {
		t.Errorf("rows of users that begin with alice: %q, want %q", got, want)
	}
	// The encoding of "a" is the beginning of that of "a\x00".
	a0 := encode(t, keys.T2[keys.String, keys.Int]{A: "a\x00"})
	if r := must(keys.Prefix[keys.T2[keys.String, keys.Int]](keys.String("a")).Bounds()); holds(r, a0) {
		t.Error(`the prefix "a" holds a key whose first component is "a\x00"`)
	}
}

func TestD5_APrefixHoldsKeysThatEndIn0xFF(t *testing.T) {
	rows := userRows(t, "alice:0xff", "alice:0xffff", "alice:0xffffffff", "alice:0x00ff", "alice:a", "bob:0xff")
	got := selected(t, keys.Prefix[keys.UserRowID](must(keys.NewUserID("alice"))), rows)
	want := []string{"alice:0x00ff", "alice:a", "alice:0xff", "alice:0xffff", "alice:0xffffffff"}
	if !slices.Equal(got, want) {
		t.Errorf("rows of alice: %q, want %q", got, want)
	}
}

func TestRangeOptions(t *testing.T) {
	r := keys.Between[keys.Int](1, 5).Reverse().Limit(3).Resume("token")
	b := must(r.Bounds())
	if !b.Reverse || b.Limit != 3 || r.Token() != "token" {
		t.Errorf("reverse %v, limit %d, token %q; want true, 3, token", b.Reverse, b.Limit, r.Token())
	}
	if b := must(r.Reverse().Bounds()); b.Reverse {
		t.Error("reversed twice it descends")
	}
	if b := must(keys.Between[keys.Int](5, 1).Bounds()); holds(b, encode(t, keys.Int(3))) || holds(b, encode(t, keys.Int(5))) {
		t.Error("between 5 and 1 there is a key")
	}
}

func TestRangesReportWhatTheyCannotEncode(t *testing.T) {
	nan := keys.Float(math.NaN())
	for name, r := range map[string]keys.Range[keys.Float]{
		"Eq":           keys.Eq(nan),
		"From":         keys.From(nan),
		"After":        keys.After(nan),
		"Before":       keys.Before(nan),
		"UpTo":         keys.UpTo(nan),
		"Between":      keys.Between(0, nan),
		"Prefix":       keys.Prefix[keys.Float](nan),
		"StringPrefix": keys.StringPrefix[keys.Float]("", nan),
		"invalid text": keys.StringPrefix[keys.Float]("\xff"),
		"Limit":        keys.All[keys.Float]().Limit(-1),
		"Intersect":    keys.All[keys.Float]().Intersect(keys.Eq(nan)).Reverse(),
	} {
		if _, err := r.Bounds(); !errors.Is(err, backend.ErrInvalid) {
			t.Errorf("%s: error %v, want ErrInvalid", name, err)
		}
	}
}
