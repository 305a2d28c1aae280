package keys

import (
	"bytes"
	"unicode/utf8"

	"github.com/larderdb/larder/backend"
)

// A Range selects keys of type K, or index entries by their index key, in
// order. The zero Range is all of them. It is a value: its methods return a
// changed copy. What can't be encoded is reported when the Range is used.
type Range[K Key[K]] struct {
	start, end []byte // as in backend.Range; never written to
	reverse    bool
	limit      int
	resume     string
	err        error
}

// All returns the range of all keys.
func All[K Key[K]]() Range[K] { return Range[K]{} }

// Eq returns the range of the key k alone; in an index, of the entries that
// have it.
func Eq[K Key[K]](k K) Range[K] { return Prefix[K](k) }

// Between returns the range of the keys from <= k < to. It is empty when to
// isn't greater than from.
func Between[K Key[K]](from, to K) Range[K] { return From(from).Intersect(Before(to)) }

// From returns the range of the keys from k on.
func From[K Key[K]](k K) Range[K] {
	b, err := k.AppendKey(nil)
	return Range[K]{start: b, err: err}
}

// After returns the range of the keys greater than k.
func After[K Key[K]](k K) Range[K] {
	_, end, err := within(k)
	return Range[K]{start: end, err: err}
}

// Before returns the range of the keys less than k.
func Before[K Key[K]](k K) Range[K] {
	b, err := k.AppendKey(nil)
	return Range[K]{end: b, err: err}
}

// UpTo returns the range of the keys up to k, and k.
func UpTo[K Key[K]](k K) Range[K] {
	_, end, err := within(k)
	return Range[K]{end: end, err: err}
}

// Prefix returns the range of the keys whose first components are the parts,
// in order: Prefix[UserRowID](alice) is the rows of alice, and not those of
// alice2. Without parts it is all keys.
//
// That the parts are of the types of K's first components is not checked: other
// ones select nothing.
func Prefix[K Key[K]](parts ...Part) Range[K] {
	if len(parts) == 0 {
		return Range[K]{}
	}
	start, end, err := within(parts...)
	return Range[K]{start: start, end: end, err: err}
}

// StringPrefix returns the range of the keys whose first components are the
// parts and whose next one is a string that begins with s: a [String], an id
// that is text, an [Element] that holds a string. Of a [RowID], which is bytes,
// or a [Desc] it selects none. An s that is not valid UTF-8 is an error: cut it
// between two characters.
func StringPrefix[K Key[K]](s string, parts ...Part) Range[K] {
	if !utf8.ValidString(s) {
		return Range[K]{err: invalid("string prefix is not valid UTF-8")}
	}
	b, _, err := within(parts...)
	if err != nil {
		return Range[K]{err: err}
	}
	b = appendText(b, codeString, s)
	return Range[K]{start: b, end: backend.PrefixEnd(b)}
}

// Reverse returns r in descending order; reversed twice it ascends.
func (r Range[K]) Reverse() Range[K] {
	r.reverse = !r.reverse
	return r
}

// Limit returns the first n of r, in r's order. No limit is 0; a negative one
// is an error.
func (r Range[K]) Limit(n int) Range[K] {
	r.limit = n
	return r
}

// Resume returns r from where the page ended that gave token. An empty token
// is r from its beginning.
func (r Range[K]) Resume(token string) Range[K] {
	r.resume = token
	return r
}

// Intersect returns the range of the keys that are in both r and o, with r's
// order, limit and token.
func (r Range[K]) Intersect(o Range[K]) Range[K] {
	if bytes.Compare(o.start, r.start) > 0 {
		r.start = o.start
	}
	if r.end == nil || o.end != nil && bytes.Compare(o.end, r.end) < 0 {
		r.end = o.end
	}
	if r.err == nil {
		r.err = o.err
	}
	return r
}

// Bounds returns the range of encoded keys that r is, with its order and
// limit. In a table whose keys begin with a K, as an index's do, it selects the
// same. Its slices must not be written to. What r was made of and can't be
// encoded, and a negative limit, are [backend.ErrInvalid].
func (r Range[K]) Bounds() (backend.Range, error) {
	if r.err != nil {
		return backend.Range{}, r.err
	}
	b := backend.Range{Start: r.start, End: r.end, Reverse: r.reverse, Limit: r.limit}
	if err := backend.CheckRange(b); err != nil {
		return backend.Range{}, err
	}
	return b, nil
}

// Token returns what Resume was given, or "".
func (r Range[K]) Token() string { return r.resume }

// within returns the range of the encodings that begin with those of parts: of
// the keys themselves, and of those that go on with another element.
func within(parts ...Part) (start, end []byte, err error) {
	for _, p := range parts {
		if start, err = p.AppendKey(start); err != nil {
			return nil, nil, err
		}
	}
	start, end = Within(start)
	return start, end, nil
}

// Within returns the bounds of the encoded keys that are key, or begin with it
// and go on with another element. key must be whole elements, and is returned
// as start.
//
// It is not the range of all bytes that begin with key: the string "a" is
// encoded as 02 61 00, and "a\x00" as 02 61 00 FF 00. No element begins with
// FF, so key followed by FF is the end.
func Within(key []byte) (start, end []byte) {
	n := len(key)
	return key, append(key[:n:n], escape)
}
