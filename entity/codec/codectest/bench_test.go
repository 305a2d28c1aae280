package codectest_test

import "testing"

// BenchmarkAppend and BenchmarkDecode are of one row of eleven fields; its
// encoding's length is beside the times.
func BenchmarkAppend(b *testing.B) {
	for _, name := range []string{"msgpack", "cbor", "msgp"} {
		b.Run(name, func(b *testing.B) {
			codec, row := codecs[name], full
			var dst []byte
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if dst, err = codec.Append(dst[:0], &row); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(dst)), "bytes/row")
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, name := range []string{"msgpack", "cbor", "msgp"} {
		b.Run(name, func(b *testing.B) {
			codec, row := codecs[name], full
			src, err := codec.Append(nil, &row)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				var got Row
				if err := codec.Decode(src, &got); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
