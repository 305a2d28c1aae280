package entity

import (
	"hash/crc32"

	"github.com/larderdb/larder/backend"
)

// frameV1 is the first byte of a frame of the first format: schema version,
// checksum, payload. Later formats have other first bytes.
const frameV1 = 0x01

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// newFrame returns a frame of payload, in a slice of its own without room to
// spare, since engines in memory keep it as it is.
func newFrame(version uint32, payload []byte) []byte {
	n := 1
	for v := version; v >= 0x80; v >>= 7 {
		n++
	}
	dst := make([]byte, 0, 1+n+4+len(payload))
	dst = append(dst, frameV1)
	for v := version; ; v >>= 7 {
		if v < 0x80 {
			dst = append(dst, byte(v))
			break
		}
		dst = append(dst, byte(v)|0x80)
	}
	sum := crc32.Update(crc32.Checksum(dst, castagnoli), castagnoli, payload)
	dst = append(dst, byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum))
	return append(dst, payload...)
}

// Payload returns what the store's codec wrote of a row, given the value that
// the engine holds for it; the payload is a part of that value. A wrong checksum
// or form is [backend.ErrCorrupt]. It is for tools that read a database without
// its definitions.
func Payload(value []byte) ([]byte, error) {
	_, payload, err := parseFrame(value)
	return payload, err
}

// parseFrame returns the schema version and the payload of frame. The payload
// is a part of frame.
func parseFrame(frame []byte) (version uint32, payload []byte, err error) {
	if len(frame) == 0 {
		return 0, nil, failure(backend.ErrCorrupt, "frame is empty")
	}
	if frame[0] != frameV1 {
		return 0, nil, failure(backend.ErrCorrupt, "frame has an unknown format")
	}
	version, n := uvarint32(frame[1:])
	if n == 0 {
		return 0, nil, failure(backend.ErrCorrupt, "frame has no valid schema version")
	}
	head := 1 + n
	if len(frame) < head+4 {
		return 0, nil, failure(backend.ErrCorrupt, "frame is cut short")
	}
	b := frame[head : head+4]
	want := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	payload = frame[head+4:]
	if crc32.Update(crc32.Checksum(frame[:head], castagnoli), castagnoli, payload) != want {
		return 0, nil, failure(backend.ErrCorrupt, "frame doesn't match its checksum")
	}
	return version, payload, nil
}

// uvarint32 returns the value at the beginning of b and how many bytes it
// takes: none when b holds no shortest encoding of a 32-bit number.
func uvarint32(b []byte) (v uint32, n int) {
	for i := 0; i < 5 && i < len(b); i++ {
		c := b[i]
		if i == 4 && c > 0x0F {
			return 0, 0
		}
		v |= uint32(c&0x7F) << (7 * i)
		if c < 0x80 {
			if c == 0 && i > 0 {
				return 0, 0
			}
			return v, i + 1
		}
	}
	return 0, 0
}
