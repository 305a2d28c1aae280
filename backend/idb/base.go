package idb

import (
	"context"
	"errors"
	"strconv"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/mvcc"
	"github.com/larderdb/larder/internal/pagetree"
)

// A base is the newest checkpoint that a state knows of. It never changes.
type base struct {
	root   root
	raw    []byte // root as it is stored, to compare with
	head   head   // of a root without a checkpoint, the zero head
	tables []mvcc.BaseTable
}

// newBase returns the base of a root, which is stored as raw, and its head.
// What its tables read comes from pages.
func newBase(r root, raw []byte, h head, pages *cache) *base {
	b := &base{root: r, raw: raw, head: h}
	own := &basePages{pages, r.ordinal}
	for _, t := range h.tables {
		b.tables = append(b.tables, mvcc.BaseTable{Name: t.name, Base: pagetree.New(t.name, t.root, own)})
	}
	return b
}

// serial returns the place of a context's newest commit in the checkpoint among
// its own, 0 when the checkpoint doesn't know the context.
func (b *base) serial(context id) uint64 {
	for _, s := range b.head.contexts {
		if s.context == context {
			return s.serial
		}
	}
	return 0
}

// errGone is the cause of the ErrConflict with which a snapshot fails of which
// pages were deleted, since newer checkpoints have replaced them. An Update runs
// again.
var errGone = errors.New("a page of it was deleted")

// A missing page is what a fetch finds under an id that has no page.
type missing struct {
	page    pagetree.ID
	ordinal uint64 // of the root at that moment
}

func (m *missing) Error() string {
	return "page " + strconv.FormatUint(uint64(m.page), 10) + " is missing"
}

// basePages are the pages of one checkpoint.
type basePages struct {
	cache   *cache
	ordinal uint64
}

// Page is as in [pagetree.Pages].
func (p *basePages) Page(ctx context.Context, page pagetree.ID, cached bool) (*pagetree.Page, error) {
	own, err := p.cache.page(ctx, page, cached)
	if err != nil {
		err = p.explain(err)
	}
	return own, err
}

// explain says what a missing page means. Nobody deletes the pages of the
// checkpoint that the root names.
func (p *basePages) explain(err error) error {
	var m *missing
	switch {
	case !errors.As(err, &m):
		return err
	case m.ordinal == p.ordinal:
		return corrupt(m.Error())
	}
	return &backend.Error{Class: backend.ErrConflict, Reason: "the snapshot is too old", Err: errGone}
}

// Ahead is as in [pagetree.Pages].
func (p *basePages) Ahead(pages []pagetree.ID) { p.cache.ahead(pages) }

// Room is as in [pagetree.Pages].
func (p *basePages) Room() int { return p.cache.room() }

// A commit is what a state remembers of one, to apply it anew when another
// context has moved the root.
type commit struct {
	number  uint64
	ops     []byte // as in a log record
	context id     // which Store wrote it
	serial  uint64 // its place among that Store's commits
}
