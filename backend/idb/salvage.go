package idb

import (
	"context"
	"iter"
	"maps"
	"slices"
	"strconv"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/mvcc"
	"github.com/larderdb/larder/internal/pagetree"
)

// A salvager finds what is sound in a damaged database.
//
// Where the way from the root to a table's leaves is whole, the table is what
// they say. Else all pages are looked through for leaves of the table: of two
// with keys in the same range the one counts that the root leads to, or that was
// written last. So a pair that was deleted may come back, if its leaf wasn't
// known to be garbage.
type salvager struct {
	// pages returns the stored bytes of pages, nil for those that don't exist.
	pages func(ctx context.Context, ids []pagetree.ID) ([][]byte, error)
	// ids are those of all pages that exist.
	ids []pagetree.ID
	// root, copy and janitor are the records of the object store "root".
	root, copy, janitor []byte
	// log yields the records of the log after a commit, ascending.
	log func(ctx context.Context, after uint64) iter.Seq2[logEntry, error]

	damage damages
	cache  *cache
	base   uint64            // the ordinal of the root, 0 when that is lost
	leaves map[string][]leaf // by table: those that were found by looking through all pages
	found  head              // the newest head that was found so, if the root's is lost
}

// A logEntry is what the log holds under a key.
type logEntry struct {
	key uint64
	b   []byte
}

// salvage hands out every sound pair.
func (s *salvager) salvage(ctx context.Context, fn func(table string, kv backend.KV) error) error {
	s.cache = newCache(minCacheSize, func(ids []pagetree.ID) ([][]byte, []error) { return s.fetch(ctx, ids) })
	defer s.cache.close()
	r, h, known, err := s.begin(ctx)
	if err != nil {
		return err
	}
	tables := map[string]*salvaged{}
	for _, t := range h.tables {
		if tables[t.name], err = s.table(ctx, t); err != nil {
			return err
		}
	}
	for name := range s.leaves {
		if tables[name] == nil {
			tables[name] = &salvaged{s, s.resolve(name, nil)}
		}
	}
	var list []mvcc.BaseTable
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		list = append(list, mvcc.BaseTable{Name: name, Base: tables[name]})
	}
	snap, err := s.replay(ctx, r.db, mvcc.NewSnapshot(h.commit, list), known)
	if err != nil {
		return err
	}
	return handOut(ctx, snap, fn)
}

// handOut calls fn for every pair of a snapshot.
func handOut(ctx context.Context, snap *mvcc.Snapshot, fn func(table string, kv backend.KV) error) error {
	tx := snap.Read(ctx)
	defer tx.End()
	names, err := tx.Tables()
	if err != nil {
		return err
	}
	for _, table := range names {
		for kv, err := range tx.Scan(table, backend.Range{}) {
			if err != nil {
				return err
			}
			if err := fn(table, kv); err != nil {
				return err
			}
		}
	}
	return nil
}

// begin returns the root and the head, as far as they are sound. Known is
// whether the log's place is: whether the head says which commit it follows.
func (s *salvager) begin(ctx context.Context) (r root, h head, known bool, err error) {
	for i, b := range [][]byte{s.copy, s.root} {
		own, err := decodeRoot(b)
		if err == nil {
			r, known = own, true
		} else if err := s.damage.found([]string{"copy of the root record", "root record"}[i], err); err != nil {
			return r, h, false, err
		}
	}
	if known && r.ordinal == 0 {
		return r, h, true, nil
	}
	if known {
		s.base = r.ordinal
		stored, err := s.pages(ctx, []pagetree.ID{r.head, r.head + 1})
		if err != nil {
			return r, h, false, err
		}
		whole := false
		for i, b := range stored {
			own, err := decodeHeadOf(&r, r.head+pagetree.ID(i), b)
			if err == nil {
				h, whole = own, true
			} else if err := s.damage.found("head page "+strconv.FormatUint(uint64(r.head)+uint64(i), 10), err); err != nil {
				return r, h, false, err
			}
		}
		if whole {
			return r, h, true, nil
		}
	}
	if err := s.lookThrough(ctx); err != nil {
		return r, h, false, err
	}
	if s.found.page != 0 {
		return r, s.found, true, nil
	}
	return r, head{commit: r.commit}, known, nil
}

// fetch is what the cache fetches with.
func (s *salvager) fetch(ctx context.Context, ids []pagetree.ID) ([][]byte, []error) {
	errs := make([]error, len(ids))
	pages, err := s.pages(ctx, ids)
	if err != nil {
		pages = make([][]byte, len(ids))
	}
	for i, id := range ids {
		if errs[i] = err; err == nil && pages[i] == nil {
			errs[i] = corrupt((&missing{page: id}).Error())
		}
	}
	return pages, errs
}

// lookThrough finds the leaves among all pages, but those that are known to be
// garbage or of a checkpoint that wasn't ended, and the newest head.
func (s *salvager) lookThrough(ctx context.Context) error {
	if s.leaves != nil {
		return nil
	}
	s.leaves = map[string][]leaf{}
	garbage, err := s.garbage(ctx)
	if err != nil {
		return err
	}
	for ids := range slices.Chunk(s.ids, fetchCount) {
		stored, err := s.pages(ctx, ids)
		if err != nil {
			return err
		}
		for i, id := range ids {
			b := stored[i]
			if len(b) == 0 || garbage[id] || s.base != 0 && ordinalOf(id) > s.base {
				continue
			}
			if b[0] == kindHead {
				if h, err := decodeHead(id, b); err == nil && h.page > s.found.page {
					s.found = h
				}
			}
			if table, l, err := leafOf(id, b); err == nil {
				s.leaves[table] = append(s.leaves[table], l)
			}
		}
	}
	return nil
}

// garbage returns the pages that are known not to be part of the database.
func (s *salvager) garbage(ctx context.Context) (map[pagetree.ID]bool, error) {
	all := map[pagetree.ID]bool{}
	var j janitor
	if s.janitor != nil {
		var err error
		if j, err = decodeJanitor(s.janitor); err != nil {
			return all, s.damage.found("janitor's record", err)
		}
	}
	for _, d := range j.garbage {
		page := pagetree.ID(d.number)
		stored, err := s.pages(ctx, []pagetree.ID{page})
		if err != nil {
			return nil, err
		}
		g, err := decodeGarbage(page, stored[0])
		if err := s.damage.found("garbage page "+strconv.FormatUint(d.number, 10), err); err != nil {
			return nil, err
		}
		for _, id := range g.pages {
			all[pagetree.ID(id)] = true
		}
	}
	return all, nil
}

// table returns what is sound of a table that a head lists.
func (s *salvager) table(ctx context.Context, t tableRoot) (*salvaged, error) {
	seen := &seenPages{salvager: s}
	tree := pagetree.Tree{Table: t.name, Root: t.root, Pages: seen}
	whole := true
	err := tree.Verify(ctx, func(e *backend.Error) {
		whole = false
		s.damage.add(e)
	})
	if err == nil && !whole {
		err = s.lookThrough(ctx)
	}
	if err != nil {
		return nil, err
	}
	return &salvaged{s, s.resolve(t.name, seen.leaves)}, nil
}

// seenPages are the pages of a tree, which notes those of leaves.
type seenPages struct {
	*salvager
	leaves []leaf
}

// Page is as in [pagetree.Pages].
func (p *seenPages) Page(ctx context.Context, id pagetree.ID, cached bool) (*pagetree.Page, error) {
	page, err := p.cache.page(ctx, id, cached)
	if err != nil {
		return nil, err
	}
	if _, l, err := leafOf(id, page.Bytes()); err == nil {
		l.live = true
		p.leaves = append(p.leaves, l)
	}
	return page, nil
}

// Ahead is as in [pagetree.Pages].
func (p *seenPages) Ahead(ids []pagetree.ID) { p.cache.ahead(ids) }

// Room is as in [pagetree.Pages].
func (p *seenPages) Room() int { return p.cache.room() }

// replay applies the log, as far as it is sound.
func (s *salvager) replay(ctx context.Context, db id, snap *mvcc.Snapshot, known bool) (*mvcc.Snapshot, error) {
	chain := logChain{db: db}
	if known {
		chain.next = snap.Version() + 1
	}
	for e, err := range s.log(ctx, snap.Version()) {
		if err != nil {
			return nil, err
		}
		if db == (id{}) {
			if r, err := decodeRecord(e.b); err == nil {
				chain.db, db = r.db, r.db // the root is lost
			}
		}
		r, err := chain.record(e.key, e.b)
		if err != nil {
			return snap, s.damage.found("", err)
		}
		for i, b := range r.commits {
			ops, err := decodeOps(b)
			if err != nil {
				return nil, err // it was decoded before
			}
			snap = applyWhatFits(snap, r.commit+uint64(i), ops)
		}
	}
	return snap, nil
}

// applyWhatFits applies operations, of which some may be about tables that are
// lost.
func applyWhatFits(snap *mvcc.Snapshot, number uint64, ops []mvcc.Op) *mvcc.Snapshot {
	if next, err := snap.Apply(number, ops); err == nil {
		return next
	}
	for i := range ops {
		if next, err := snap.Apply(number, ops[i:i+1]); err == nil {
			snap = next
		}
	}
	return snap
}
