//go:build js && wasm

package idb

import (
	"context"
	"errors"
	"strconv"
	"syscall/js"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/pagetree"
)

// verifyCache is how many bytes of pages Verify and Salvage keep: enough for
// what they read ahead.
const verifyCache = 1 << 20

// Verify is as in [backend.Verifier]. It reads what is stored, not what is in
// memory, and leaves the page responsive.
func (s *Store) Verify(ctx context.Context) ([]*backend.Error, error) {
	ctx, turn, err := s.gate.Read(ctx)
	if err != nil {
		return nil, err
	}
	defer turn.End()
	var damage damages
	if err := s.verifyRoots(ctx, &damage); err != nil {
		return nil, classify("verify", err)
	}
	if err := s.sync(ctx); err != nil && !errors.Is(err, backend.ErrCorrupt) {
		return nil, classify("verify", err)
	}
	st := s.head.Load()
	s.pins.hold(st.base.root.ordinal)
	defer s.pins.release(st.base.root.ordinal)
	err = s.verifyTables(ctx, st, &damage)
	if err == nil {
		err = s.verifyLog(ctx, st, &damage)
	}
	if err != nil {
		return nil, classify("verify", err)
	}
	return damage.all("verify"), nil
}

// verifyRoots looks at the few records that all others hang on.
func (s *Store) verifyRoots(ctx context.Context, damage *damages) error {
	var first, second, third js.Value
	err := s.conn.run(ctx, logScope, js.Undefined(), func(t *txn) {
		store := t.store(rootStore)
		first, second, third = store.Call("get", rootKey), store.Call("get", copyKey), store.Call("get", janitorKey)
	})
	if err != nil {
		return err
	}
	for where, req := range map[string]js.Value{"root record": first, "copy of the root record": second} {
		b, err := s.conn.goBytes(req.Get("result"))
		if err == nil {
			_, err = decodeRoot(b)
		}
		if err := damage.found(where, err); err != nil {
			return err
		}
	}
	j, err := s.readJanitor(third.Get("result"))
	if err := damage.found("", err); err != nil {
		return err
	}
	for _, d := range j.garbage {
		page := pagetree.ID(d.number)
		stored, err := s.conn.getPages(ctx, []pagetree.ID{page})
		if err != nil {
			return err
		}
		if stored[0] == nil {
			continue // it was deleted meanwhile
		}
		_, err = decodeGarbage(page, stored[0])
		if err := damage.found("garbage page "+strconv.FormatUint(d.number, 10), err); err != nil {
			return err
		}
	}
	return nil
}

// verifyTables looks at the head and the pages of all tables.
func (s *Store) verifyTables(ctx context.Context, st *state, damage *damages) error {
	r := &st.base.root
	if r.ordinal == 0 {
		return nil
	}
	for _, page := range []pagetree.ID{r.head, r.head + 1} {
		stored, err := s.conn.getPages(ctx, []pagetree.ID{page})
		if err != nil {
			return err
		}
		_, err = decodeHeadOf(r, page, stored[0])
		if err := damage.found("head page "+strconv.FormatUint(uint64(page), 10), err); err != nil {
			return err
		}
	}
	lap := s.pacer.lap()
	pages := newCache(verifyCache, func(ids []pagetree.ID) ([][]byte, []error) { return s.fetchPages(ctx, ids) })
	defer pages.close()
	own := &restingPages{basePages{pages, r.ordinal}, func() error { return lap.rest(ctx) }}
	for _, t := range st.base.head.tables {
		tree := pagetree.Tree{Table: t.name, Root: t.root, Pages: own}
		if err := tree.Verify(ctx, damage.add); err != nil {
			return err
		}
	}
	return nil
}

// restingPages gives back the turn between pages.
type restingPages struct {
	basePages
	rest func() error
}

// Page is as in [pagetree.Pages].
func (p *restingPages) Page(ctx context.Context, page pagetree.ID, cached bool) (*pagetree.Page, error) {
	if err := p.rest(); err != nil {
		return nil, err
	}
	return p.basePages.Page(ctx, page, cached)
}

// verifyLog looks at the log records after the checkpoint. Another checkpoint may
// fold them meanwhile.
func (s *Store) verifyLog(ctx context.Context, st *state, damage *damages) error {
	from := st.base.root.commit + 1
	chain := logChain{db: st.base.root.db, next: from}
	lap := s.pacer.lap()
	for {
		keys, records, commit, err := s.conn.getLog(ctx, from)
		if err != nil {
			return err
		}
		if commit >= from {
			from, chain.next = commit+1, commit+1
			continue
		}
		for i, key := range keys {
			from = key + 1
			_, err := chain.record(key, records[i])
			if err := damage.found("", err); err != nil {
				return err
			}
			if err := lap.rest(ctx); err != nil {
				return err
			}
		}
		if len(keys) < tailCount {
			return nil
		}
	}
}

// getLog returns records of the log and their keys, ascending, from a key on, and
// the root's commit at that moment, which is 0 when the root is damaged. A record
// that is none is nil.
func (c *conn) getLog(ctx context.Context, from uint64) (keys []uint64, records [][]byte, commit uint64, err error) {
	var rootReq, keysReq, valuesReq js.Value
	err = c.run(ctx, logScope, js.Undefined(), func(t *txn) {
		rootReq = t.store(rootStore).Call("get", rootKey)
		store, after := t.store(logStore), c.keyRange.Call("lowerBound", from)
		keysReq, valuesReq = store.Call("getAllKeys", after, tailCount), store.Call("getAll", after, tailCount)
	})
	if err != nil {
		return nil, nil, 0, err
	}
	if raw, err := c.goBytes(rootReq.Get("result")); err == nil {
		r, _ := decodeRoot(raw)
		commit = r.commit
	}
	list, values := keysReq.Get("result"), valuesReq.Get("result")
	for i := range list.Length() {
		b, _ := c.goBytes(values.Index(i))
		keys, records = append(keys, uint64(list.Index(i).Float())), append(records, b)
	}
	return keys, records, commit, nil
}
