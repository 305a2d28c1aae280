//go:build js && wasm

package idb

import (
	"context"

	"github.com/larderdb/larder/internal/pagetree"
)

// fetchPages returns pages from IndexedDB, for the cache.
func (s *Store) fetchPages(ctx context.Context, ids []pagetree.ID) ([][]byte, []error) {
	errs := make([]error, len(ids))
	pages, err := s.conn.getPages(ctx, ids)
	if err == nil {
		var ordinal uint64
		for i, b := range pages {
			if b == nil {
				if ordinal == 0 {
					ordinal, err = s.rootOrdinal(ctx)
				}
				errs[i] = &missing{ids[i], ordinal}
			}
		}
	}
	if err != nil {
		for i := range errs {
			errs[i] = err
		}
		pages = make([][]byte, len(ids))
	}
	return pages, errs
}

// rootOrdinal returns the ordinal of the checkpoint that the root names. That
// was newer when pages were missing that it has replaced, because they are
// deleted later.
func (s *Store) rootOrdinal(ctx context.Context) (uint64, error) {
	raw, err := s.readRoot(ctx)
	if err != nil {
		return 0, err
	}
	r, err := decodeRoot(raw)
	return r.ordinal, err
}
