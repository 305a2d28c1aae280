package codectest_test

import (
	"encoding/binary"
	"math"
	"testing"
	"time"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/cbor"
	"github.com/larderdb/larder/entity/codec/codectest"
	"github.com/larderdb/larder/entity/codec/msgp"
	"github.com/larderdb/larder/entity/codec/msgpack"
)

// rows are values that every codec must give back.
var rows = []Row{
	{},
	full,
	{ID: math.MinInt64, Score: math.Inf(-1), Priority: math.MaxInt64, Title: "a\x00é€😀"},
	{ID: -1, Score: math.NaN(), Due: time.Date(1600, 2, 29, 23, 59, 59, 999_999_999, time.FixedZone("", 3600))},
	{ID: 1 << 32, Score: 0.1, Due: time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC), Blob: make([]byte, 300)},
}

var full = Row{
	ID: 170_000, Title: "water the plants on the balcony", Body: "twice a week, and the ones in the shade only once; not while it freezes",
	Priority: 3, Due: time.Date(2026, 11, 22, 12, 30, 0, 5, time.UTC), Tags: []string{"home", "weekly"}, Score: 52.517,
	Blob: []byte{0, 0xFF, 0x80, 7}, Attrs: map[string]string{"colour": "green"}, Home: Address{City: "Berlin", Zip: "10178"},
}

func TestA13_MessagePackKeepsItsPromises(t *testing.T) {
	codectest.Run(t, msgpack.Of[Row](), rows...)
	codectest.Run(t, msgpack.Of[map[string]any](), map[string]any{"b": "x", "a": []any{nil, true, "y"}, "c": -1.5})
	codectest.Run(t, msgpack.Of[string](), "", "a")
}

func TestA13_CBORKeepsItsPromises(t *testing.T) {
	codectest.Run(t, cbor.Of[Row](), rows...)
	codectest.Run(t, cbor.Of[map[int]float32](), map[int]float32{3: 1, -1: 2, 1 << 40: 0.1, 2: 4, 5: 6})
	codectest.Run(t, cbor.Of[map[string]any](), map[string]any{"b": "x", "a": []any{nil, true, int64(-3)}, "c": -1.5})
	codectest.Run(t, cbor.Of[string](), "", "a")
}

func TestA13_GeneratedMessagePackKeepsItsPromises(t *testing.T) {
	codectest.Run(t, msgp.Of[Row](), rows...)
}

// A point is stored by a codec that a program wrote for itself.
type point struct{ X, Y float64 }

// A pointCodec writes a point's coordinates one after the other, eight bytes
// each.
type pointCodec struct{}

func (pointCodec) Name() string { return "point" }

func (pointCodec) Append(dst []byte, p *point) ([]byte, error) {
	dst = binary.BigEndian.AppendUint64(dst, math.Float64bits(p.X))
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(p.Y)), nil
}

func (pointCodec) Decode(src []byte, p *point) error {
	if len(src) != 16 {
		return &backend.Error{Class: backend.ErrCorrupt, Reason: "a point is not 16 bytes long"}
	}
	p.X = math.Float64frombits(binary.BigEndian.Uint64(src))
	p.Y = math.Float64frombits(binary.BigEndian.Uint64(src[8:]))
	return nil
}

// Model says that rows of the store hold two numbers, so that a database tells
// when they no longer do.
func (pointCodec) Model() entity.Model {
	return entity.ModelOf([]entity.Field{{Name: "x", Type: "float"}, {Name: "y", Type: "float"}})
}

func TestPointCodec(t *testing.T) {
	codectest.Run(t, pointCodec{}, point{}, point{X: 52.5, Y: -13.4}, point{X: math.Inf(1)})
}

func FuzzPointCodecDecode(f *testing.F) {
	f.Add(make([]byte, 16))
	f.Fuzz(func(t *testing.T, b []byte) {
		var p point
		if err := (pointCodec{}).Decode(b, &p); (err == nil) != (len(b) == 16) {
			t.Errorf("Decode(%x): %v", b, err)
		}
	})
}
