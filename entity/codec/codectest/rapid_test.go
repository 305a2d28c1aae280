package codectest_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/larderdb/larder/entity/codec/codectest"
)

// anyRow draws a row: of any strings, numbers and bytes, and of any instant
// that has a year of four digits.
func anyRow() *rapid.Generator[Row] {
	from, to := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).Unix()
	return rapid.Custom(func(t *rapid.T) Row {
		return Row{
			ID:       rapid.Int64().Draw(t, "ID"),
			Title:    rapid.String().Draw(t, "Title"),
			Body:     rapid.StringN(0, 300, -1).Draw(t, "Body"),
			Done:     rapid.Bool().Draw(t, "Done"),
			Priority: int(rapid.Int64().Draw(t, "Priority")),
			Due:      time.Unix(rapid.Int64Range(from, to).Draw(t, "Due"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds")),
			Tags:     rapid.SliceOf(rapid.String()).Draw(t, "Tags"),
			Score:    math.Float64frombits(rapid.Uint64().Draw(t, "Score")),
			Blob:     rapid.SliceOf(rapid.Byte()).Draw(t, "Blob"),
			Attrs:    rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "Attrs"),
			Home:     Address{City: rapid.String().Draw(t, "City"), Zip: rapid.String().Draw(t, "Zip")},
		}
	})
}

func TestA13_RowsOfAnyContentComeBack(t *testing.T) {
	for name, codec := range codecs {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				want := anyRow().Draw(t, "row")
				b, err := codec.Append(nil, &want)
				if err != nil {
					t.Fatalf("Append(%+v): %v", want, err)
				}
				var got Row
				if err := codec.Decode(b, &got); err != nil || !codectest.Equal(got, want) {
					t.Errorf("%+v comes back as %+v, %v", want, got, err)
				}
			})
		})
	}
}
