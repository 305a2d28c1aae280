package backend

// A Range selects the keys k of a table with Start <= k < End. A nil or empty
// Start is the table's first key; a nil End has no bound. The zero Range is
// the whole table.
type Range struct {
	Start, End []byte
	Reverse    bool // descending order
	Limit      int  // at most this many pairs; 0 is no limit
}

// Prefix returns the range of all keys that begin with p.
func Prefix(p []byte) Range {
	return Range{Start: p, End: PrefixEnd(p)}
}

// PrefixEnd returns the first key after all keys that begin with p, or nil
// when no key is: when p is empty or holds only 0xFF bytes.
func PrefixEnd(p []byte) []byte {
	for i := len(p) - 1; i >= 0; i-- {
		if p[i] != 0xFF {
			end := make([]byte, i+1)
			copy(end, p)
			end[i]++
			return end
		}
	}
	return nil
}
