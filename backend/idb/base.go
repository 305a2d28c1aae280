package idb

// A base is the newest checkpoint that a state knows of. It never changes.
type base struct {
	root root
	raw  []byte // root as it is stored, to compare with

	// contexts has each recent context's newest commit's place among its own,
	// as of the checkpoint.
	contexts map[id]uint64
}

// newBase returns the base that begins with r, which is stored as raw.
func newBase(r root, raw []byte) *base { return &base{root: r, raw: raw} }

// A commit is what a state remembers of one, to apply it anew when another
// context has moved the root.
type commit struct {
	number  uint64
	ops     []byte // as in a log record
	context id     // which Store wrote it
	serial  uint64 // its place among that Store's commits
}
