package keys_test

import (
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"strconv"
	"testing"
	"time"

	"github.com/larderdb/larder/keys"
)

// A vector is a key and its encoding. js/test/keys-vectors.test.mjs checks the
// same file against an independent implementation of the format.
type vector struct {
	Name string
	Key  []map[string]json.RawMessage // one pair each: kind and value
	Hex  string
}

//go:embed testdata/vectors.json
var vectorsJSON []byte

func readVectors(t testing.TB) []vector {
	t.Helper()
	var vs []vector
	if err := json.Unmarshal(vectorsJSON, &vs); err != nil {
		t.Fatal(err)
	}
	return vs
}

func read[T any](t *testing.T, raw json.RawMessage) (v T) {
	t.Helper()
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// part returns the key of one element of a vector.
func part(t *testing.T, element map[string]json.RawMessage) keys.Part {
	t.Helper()
	for kind, raw := range element {
		switch kind {
		case "null":
			return keys.Null()
		case "bool":
			return keys.Bool(read[bool](t, raw))
		case "int":
			n, _ := new(big.Int).SetString(read[string](t, raw), 10)
			if n.IsInt64() {
				return keys.Int(n.Int64())
			}
			return keys.Uint(n.Uint64())
		case "double":
			f, err := strconv.ParseFloat(read[string](t, raw), 64)
			if err != nil {
				t.Fatal(err)
			}
			return keys.Float(f)
		case "string":
			return keys.String(read[string](t, raw))
		case "bytes":
			return keys.Bytes(unhex(t, read[string](t, raw)))
		case "uuid":
			return keys.UUID([]byte(unhex(t, read[string](t, raw))))
		case "time":
			pair := read[[2]any](t, raw)
			sec, err := strconv.ParseInt(pair[0].(string), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return keys.TimeOf(time.Unix(sec, int64(pair[1].(float64))))
		case "tuple":
			var list []keys.Element
			for _, e := range read[[]map[string]json.RawMessage](t, raw) {
				list = append(list, element1(t, e))
			}
			return must(keys.List(list...))
		case "desc":
			es := read[[]map[string]json.RawMessage](t, raw)
			if len(es) == 2 {
				return keys.Desc[keys.T2[keys.Element, keys.Element]]{
					Value: keys.T2[keys.Element, keys.Element]{A: element1(t, es[0]), B: element1(t, es[1])}}
			}
			return keys.Desc[keys.Element]{Value: element1(t, es[0])}
		}
	}
	t.Fatalf("no kind of element: %v", element)
	return nil
}

func element1(t *testing.T, e map[string]json.RawMessage) keys.Element {
	t.Helper()
	return must(keys.ElementOf(part(t, e)))
}

func unhex(t *testing.T, s string) string {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestA3_Vectors(t *testing.T) {
	for _, v := range readVectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			var got []byte
			var err error
			for _, e := range v.Key {
				if got, err = part(t, e).AppendKey(got); err != nil {
					t.Fatal(err)
				}
			}
			if hex.EncodeToString(got) != v.Hex {
				t.Fatalf("encoded as %x, want %s", got, v.Hex)
			}
			// Read back element by element, it is the same.
			rest, n := got, 0
			for len(rest) > 0 {
				var e keys.Element
				if e, rest, err = (keys.Element{}).DecodeKey(rest); err != nil {
					t.Fatal(err)
				}
				if want := element1(t, v.Key[n]); e != want {
					t.Errorf("element %d is read as %v, want %v", n, e, want)
				}
				n++
			}
			if n != len(v.Key) {
				t.Errorf("read %d elements, want %d", n, len(v.Key))
			}
		})
	}
}
