package keys_test

import (
	"fmt"
	"time"

	"github.com/larderdb/larder/keys"
)

func ExampleKey() {
	// A key of the newest first, then by name.
	type recent = keys.T2[keys.Desc[keys.Time], keys.String]
	k := recent{A: keys.Desc[keys.Time]{Value: keys.TimeOf(time.Unix(1_800_000_000, 0))}, B: "report"}

	b, err := k.AppendKey(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(keys.Fmt(b))
	back, err := keys.Decode[recent](b)
	fmt.Println(back == k, err)
	// Output:
	// (desc(2027-01-15T08:00:00Z), "report")
	// true <nil>
}

func ExampleUserRowID() {
	id, err := keys.ParseUserRowID("alice:todo_1")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(id.UserID(), id.RowID())

	_, err = keys.ParseUserRowID("todo_1")
	fmt.Println(err)
	// Output:
	// alice todo_1
	// invalid argument: user row id has no colon
}

func ExampleNewUUID() {
	id := keys.NewUUID()
	next := keys.NewUUID()
	fmt.Println(len(id.String()), id.String() < next.String())
	// Output: 36 true
}

func ExampleNewRowID() {
	id, err := keys.NewRowID([]byte{0x01, 0xff})
	fmt.Println(id, err)
	back, err := keys.ParseRowID("0x01ff")
	fmt.Println(back == id, err)
	_, err = keys.NewRowID(nil)
	fmt.Println(err)
	// Output:
	// 0x01ff <nil>
	// true <nil>
	// invalid argument: row id is empty
}

func ExampleNewUserRowID() {
	alice := keys.Must(keys.NewUserID("alice"))
	id, err := keys.NewUserRowID(alice, keys.Must(keys.RowIDFromString("todo_1")))
	fmt.Println(id, id.UserID() == alice, err)
	// Output: alice:todo_1 true <nil>
}

func ExampleNewTableID() {
	namespace := keys.Must(keys.NewNamespaceID("shop"))
	id, err := keys.NewTableID(namespace, keys.Must(keys.NewTableName("orders")))
	fmt.Println(id, err)
	back, err := keys.ParseTableID("shop:orders")
	fmt.Println(back == id, err)
	// Output:
	// shop:orders <nil>
	// true <nil>
}

func ExampleNewUserName() {
	// Looked up as its owner writes it, or whatever its case.
	name, err := keys.NewUserName("Émile")
	fmt.Println(name, name.Lower(), err)
	// Output: Émile émile <nil>
}

func ExampleNewJobID() {
	// Ids of all kinds of text are made and refused alike.
	job, err := keys.NewJobID("job_12345")
	fmt.Println(job, err)
	query, err := keys.NewLiveQueryID("lq_456")
	fmt.Println(query, err)
	storage, err := keys.NewStorageID("local")
	fmt.Println(storage == keys.LocalStorageID(), err)
	_, err = keys.NewUserID("")
	fmt.Println(err)
	// Output:
	// job_12345 <nil>
	// lq_456 <nil>
	// true <nil>
	// invalid argument: user id is empty
}

func ExamplePrefix() {
	alice := keys.Must(keys.NewUserID("alice"))
	r, err := keys.Prefix[keys.UserRowID](alice).Reverse().Limit(10).Bounds()
	fmt.Printf("% x to % x, %v, %d, %v\n", r.Start, r.End, r.Reverse, r.Limit, err)
	// Output: 02 61 6c 69 63 65 00 to 02 61 6c 69 63 65 00 ff, true, 10, <nil>
}

func ExampleStringPrefix() {
	type city = keys.T2[keys.String, keys.String] // country and name
	r, err := keys.StringPrefix[city]("Ber", keys.String("DE")).Bounds()
	fmt.Printf("% x to % x, %v\n", r.Start, r.End, err)
	// Output: 02 44 45 00 02 42 65 72 to 02 44 45 00 02 42 65 73, <nil>
}

func ExampleElement() {
	one := keys.Must(keys.ElementOf(keys.Int(1)))
	list := keys.Must(keys.List(keys.Null(), one))
	for _, e := range list.Value().([]keys.Element) {
		fmt.Printf("%T %v\n", e.Value(), e)
	}
	// Output:
	// <nil> null
	// keys.Int 1
}

func ExampleFmt() {
	fmt.Println(keys.Fmt([]byte{0x02, 'a', 0x00, 0x15, 0x07, 0xff}))
	// Output: ("a", 7, …0xff)
}
