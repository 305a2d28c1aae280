package wasm

import (
	"encoding/binary"
	"fmt"
	"testing"
)

// benchRows are how many rows a benchmark's database has.
const benchRows = 10_000

// benchRow is a to-do of about 200 bytes, {id, owner, due, done, priority, title, notes}.
func benchRow(i int) []byte {
	b := appendText([]byte{0x87}, "id")
	b = appendText(b, fmt.Sprintf("todo-%08d", i))
	b = appendText(appendText(b, "owner"), fmt.Sprintf("owner-%03d", i*37%100))
	b = binary.BigEndian.AppendUint64(append(appendText(b, "due"), 0xcf-4), uint64(0x4278_0000_0000_0000+i*7919%benchRows))
	b = append(appendText(b, "done"), 0xc2)
	b = append(appendText(b, "priority"), byte(i%10))
	b = appendText(appendText(b, "title"), "mend the old shop letter roof")
	return appendText(appendText(b, "notes"), "wash a new red garden bike and plan the shop read sort weed write call the roof mend ask paint")
}

func benchID(i int) []byte { return appendText(nil, fmt.Sprintf("todo-%08d", i)) }

// A bench is a client with one database of benchRows rows.
type bench struct {
	*client
	handle uint32
}

func newBench(b *testing.B) *bench {
	s := &bench{client: newClient(b)}
	open := appendText([]byte{0x95}, "x")
	open = append(appendText(append(open, 0, 0, 0, 0x91, 0x94), "todos"), "\xa2id\x92"...)
	for _, name := range []string{"owner", "due"} {
		open = append(appendText(append(appendText(append(open, 0x94), name), 0x91), name), 0, 1)
	}
	s.handle = s.begin(kindDone, opOpen, 0, append(open, 1)...).value
	s.load(b)
	return s
}

func (s *bench) now(b *testing.B, op, handle uint32, request []byte) {
	if err := s.do(op, handle, 0, request, &s.a); err != nil {
		b.Fatal(err)
	}
}

// load puts all rows in one transaction, as JavaScript does.
func (s *bench) load(b *testing.B) {
	tx := s.begin(kindAttempt, opUpdate, s.handle).value
	var request []byte
	for i := range benchRows {
		if request = append(request, benchRow(i)...); i%64 == 63 || i == benchRows-1 {
			s.now(b, opPut, tx, request)
			request = request[:0]
		}
	}
	if err := s.do(opFinish, tx, 1, nil, &s.a); err != nil {
		b.Fatal(err)
	}
	s.next()
}

func BenchmarkServer(b *testing.B) {
	s := newBench(b)
	each := func(name string, fn func(i int)) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				fn(i)
			}
		})
	}
	each("load", func(int) { s.load(b) })
	each("put", func(i int) { s.begin(kindDone, opPut, s.handle, benchRow(i%benchRows)...) })
	each("get", func(i int) { s.now(b, opGet, s.handle, benchID(i*7919%benchRows)) })
	each("scan", func(int) {
		s.now(b, opQuery, s.handle, []byte("\x9a\xc0\xd4\x01\x00\xd4\x01\x00\xd4\x01\x00\xd4\x01\x00\xd4\x01\x00\xd4\x01\x00\xc2\x00\xc0"))
	})
	each("owner", func(i int) {
		q := appendText([]byte{0x9a}, "owner")
		q = appendText(q, fmt.Sprintf("owner-%03d", i%100))
		s.now(b, opQuery, s.handle, append(q, "\xd4\x01\x00\xd4\x01\x00\xd4\x01\x00\xd4\x01\x00\xd4\x01\x00\xc2\x00\xc0"...))
	})
}
