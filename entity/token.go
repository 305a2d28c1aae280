package entity

import (
	"encoding/base64"
	"hash/crc32"

	"github.com/larderdb/larder/backend"
)

// A token is where a scan stands: after one key of one table, in one
// direction. Its text is the base64url form of
//
//	format     one byte, 0x01
//	direction  one byte: 0x00 ascending, 0x01 descending
//	checksum   CRC-32C, big-endian, of all other parts and of the names below
//	key        the pair's key in the store's or the index's table
//
// The checksum also covers the names of the store and the index, each followed
// by 0xFF (which UTF-8 never holds), so that a token of another scan is told
// from one of this.
const (
	tokenV1   = 0x01
	tokenHead = 1 + 1 + 4
)

// A place names what a token belongs to.
type place struct {
	store, index string // index is empty for a scan of the store itself
	reverse      bool
}

func (p place) sum(key []byte) uint32 {
	head := [2]byte{tokenV1, 0}
	if p.reverse {
		head[1] = 1
	}
	b := make([]byte, 0, 128)
	b = append(b, head[:]...)
	b = append(append(b, p.store...), 0xFF)
	b = append(append(b, p.index...), 0xFF)
	return crc32.Update(crc32.Checksum(b, castagnoli), castagnoli, key)
}

// token returns the text of the token for key.
func (p place) token(key []byte) string {
	b := make([]byte, tokenHead, tokenHead+len(key))
	b[0] = tokenV1
	if p.reverse {
		b[1] = 1
	}
	sum := p.sum(key)
	b[2], b[3], b[4], b[5] = byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum)
	return base64.RawURLEncoding.EncodeToString(append(b, key...))
}

// parse returns the key in the token's text.
func (p place) parse(text string) ([]byte, error) {
	if len(text) > base64.RawURLEncoding.EncodedLen(tokenHead+backend.MaxKey) {
		return nil, failure(backend.ErrInvalid, "resume token is too long")
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	switch {
	case err != nil || len(b) <= tokenHead || b[0] != tokenV1 || b[1] > 1:
		return nil, failure(backend.ErrInvalid, "resume token is damaged")
	case (b[1] == 1) != p.reverse:
		return nil, failure(backend.ErrInvalid, "resume token is of a scan in the other direction")
	}
	key := b[tokenHead:]
	if p.sum(key) != uint32(b[2])<<24|uint32(b[3])<<16|uint32(b[4])<<8|uint32(b[5]) {
		return nil, failure(backend.ErrInvalid, "resume token is damaged or of another store or index")
	}
	return key, nil
}

// following returns the least key that is greater than key.
func following(key []byte) []byte { return append(key[:len(key):len(key)], 0) }

// after narrows r to what comes after key in r's own order.
func after(r backend.Range, key []byte) backend.Range {
	if r.Reverse {
		if r.End == nil || string(key) < string(r.End) {
			r.End = key
		}
		return r
	}
	if string(key) >= string(r.Start) {
		r.Start = following(key)
	}
	return r
}
