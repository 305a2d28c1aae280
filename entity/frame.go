package entity

import (
	"bytes"
	"hash/crc32"

	"github.com/larderdb/larder/backend"
)

// The first byte of a frame. Later formats have others.
const (
	frameV1 = 0x01 // schema version, checksum, payload
	frameV2 = 0x02 // schema version, revision, checksum, payload
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// newFrame returns a frame of payload, in a slice of its own without room to
// spare, since engines in memory keep it as it is.
func newFrame(version uint32, payload []byte) []byte {
	return makeFrame(frameV1, version, payload)
}

// makeFrame returns a frame of the given format. Where it has a revision, that
// is for the engine to fill.
func makeFrame(format byte, version uint32, payload []byte) []byte {
	return frameIn(nil, format, version, payload)
}

// frameIn is makeFrame with a frame in room's memory, where that is enough.
func frameIn(room []byte, format byte, version uint32, payload []byte) []byte {
	n := 1
	for v := version; v >= 0x80; v >>= 7 {
		n++
	}
	if format == frameV2 {
		n += backend.StampSize
	}
	if size := 1 + n + sumSize + len(payload); cap(room) < size {
		room = make([]byte, 0, max(size, 2*cap(room))) // of exactly its size where there is no room
	}
	dst := append(room[:0], format)
	for v := version; ; v >>= 7 {
		if v < 0x80 {
			dst = append(dst, byte(v))
			break
		}
		dst = append(dst, byte(v)|0x80)
	}
	sum := crc32.Update(crc32.Checksum(dst, castagnoli), castagnoli, payload)
	if format == frameV2 { // a revision is zero until it is filled
		dst = append(dst, make([]byte, backend.StampSize)...)
	}
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
	version, head, at, err := splitFrame(frame)
	if err != nil {
		return 0, nil, err
	}
	b := frame[at : at+sumSize]
	want := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	payload = frame[at+sumSize:]
	if crc32.Update(crc32.Checksum(frame[:head], castagnoli), castagnoli, payload) != want {
		return 0, nil, failure(backend.ErrCorrupt, "frame doesn't match its checksum")
	}
	return version, payload, nil
}

// sumSize is the length of a checksum, which the payload follows.
const sumSize = 4

// splitFrame returns the schema version of frame, where what the checksum
// covers before it ends, and where the checksum is, which it doesn't look at.
func splitFrame(frame []byte) (version uint32, head, sum int, err error) {
	if len(frame) == 0 {
		return 0, 0, 0, failure(backend.ErrCorrupt, "frame is empty")
	}
	if frame[0] != frameV1 && frame[0] != frameV2 {
		return 0, 0, 0, failure(backend.ErrCorrupt, "frame has an unknown format")
	}
	version, n := uvarint32(frame[1:])
	if n == 0 {
		return 0, 0, 0, failure(backend.ErrCorrupt, "frame has no valid schema version")
	}
	head = 1 + n
	sum = head
	if frame[0] == frameV2 {
		sum += backend.StampSize
	}
	if len(frame) < sum+sumSize {
		return 0, 0, 0, failure(backend.ErrCorrupt, "frame is cut short")
	}
	return version, head, sum, nil
}

// revisionAt returns where in frame its revision is, or 0 when it has none.
func revisionAt(frame []byte) int {
	if len(frame) == 0 || frame[0] != frameV2 {
		return 0
	}
	_, n := uvarint32(frame[1:])
	if n == 0 || len(frame) < 1+n+backend.StampSize {
		return 0
	}
	return 1 + n
}

// revisionOf returns the revision of the row in frame, 0 when it has none.
func revisionOf(frame []byte) (revision uint64) {
	if at := revisionAt(frame); at > 0 {
		for _, b := range frame[at : at+backend.StampSize] {
			revision = revision<<8 | uint64(b)
		}
	}
	return revision
}

// equalRows reports whether two frames are the same but for their revisions.
func equalRows(a, b []byte) bool {
	at := revisionAt(a)
	if at == 0 {
		return bytes.Equal(a, b)
	}
	end := at + backend.StampSize
	return len(a) == len(b) && bytes.Equal(a[:at], b[:at]) && bytes.Equal(a[end:], b[end:])
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
