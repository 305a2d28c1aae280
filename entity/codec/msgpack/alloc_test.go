//go:build !race

package msgpack_test

import (
	"testing"

	"github.com/larderdb/larder/entity/codec/msgpack"
)

// Pools keep nothing reliably under the race detector, hence the tag.
func TestAllocations(t *testing.T) {
	c := msgpack.Of[int64]()
	v := int64(1 << 40)
	dst := make([]byte, 0, 64)
	n := testing.AllocsPerRun(100, func() {
		b, _ := c.Append(dst, &v)
		_ = c.Decode(b, &v)
	})
	if n > 0 {
		t.Errorf("encoding and decoding an integer takes %v allocations, want none", n)
	}
}
