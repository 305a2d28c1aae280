package codectest_test

import (
	"fmt"
	"time"

	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/cbor"
	"github.com/larderdb/larder/entity/codec/msgp"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

// What docs/guides/codecs.md shows.

var (
	Notes  = entity.New[keys.RowID]("notes", msgpack.Of[Row]())
	Shared = entity.New[keys.RowID]("shared", cbor.Of[Row]())
	Events = entity.New[keys.RowID]("events", msgp.Of[Row]())
	Places = entity.New[keys.RowID]("places", pointCodec{})
)

// A NoteV1 is what rows were written as.
type NoteV1 struct {
	Title string `msgpack:"title"`
	Draft bool   `msgpack:"draft"`
	Size  int64  `msgpack:"size"`
}

// A NoteV2 is what they are read as.
type NoteV2 struct {
	Heading string    `msgpack:"title"`
	Due     time.Time `msgpack:"due"`
	Size    int16     `msgpack:"size"`
}

func Example_fields() {
	row, _ := msgpack.Of[NoteV1]().Append(nil, &NoteV1{Title: "Write", Draft: true, Size: 300})
	var note NoteV2
	err := msgpack.Of[NoteV2]().Decode(row, &note)
	fmt.Println(note.Heading, note.Due.IsZero(), note.Size, err)

	row, _ = msgpack.Of[NoteV1]().Append(nil, &NoteV1{Size: 70_000})
	fmt.Println(msgpack.Of[NoteV2]().Decode(row, &note))
	// Output:
	// Write true 300 <nil>
	// corrupt data: an integer is too large for its field of 16 bits
}

func Example_model() {
	for _, f := range cbor.Of[Row]().Model().Fields() {
		fmt.Println(f.Name+":", f.Type)
	}
	// Output:
	// Attrs: map of string to string
	// Blob: bytes
	// Body: string
	// Done: bool
	// Due: time
	// Home: object
	// Home.City: string
	// Home.Zip: string
	// ID: int
	// Priority: int
	// Score: float
	// Tags: list of string
	// Title: string
}

func Example_stores() {
	for _, d := range []interface{ Name() string }{Notes, Shared, Events, Places} {
		fmt.Println(d.Name())
	}
	// Output:
	// notes
	// shared
	// events
	// places
}
