package entity

import (
	"iter"
	"strconv"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/keys"
)

// Project returns an iterator over the rows of the query as [Query.Rows] does,
// but with their values decoded as another type: one with only those fields that
// are wanted, which is less to decode and to hold. What the query's own type is
// needed for (a filter, an order, which of several keys comes first) is decoded
// as that besides.
//
// The codec has the name of the store's own, or it is [backend.ErrInvalid]. What
// it can't decode is [backend.ErrCorrupt].
func Project[P any, K keys.Key[K], V any](tx *Tx, q *Query[K, V], codec Codec[P]) iter.Seq2[*Row[K, P], error] {
	return func(yield func(*Row[K, P], error) bool) {
		if err := project(tx, q, codec, func(row *Row[K, P]) bool { return yield(row, nil) }); err != nil {
			yield(nil, err)
		}
	}
}

func project[P any, K keys.Key[K], V any](tx *Tx, q *Query[K, V], codec Codec[P], yield func(*Row[K, P]) bool) error {
	r, err := q.start("project", tx)
	if err != nil {
		return err
	}
	if codec == nil || codec.Name() != r.store.def.codec {
		return r.failure(nil, failure(backend.ErrInvalid, "the rows are of codec "+strconv.Quote(r.store.def.codec)+", which the projection's isn't"))
	}
	r.loops = true
	var failed error
	err = r.each(func(h *hit, _ *Row[K, V]) bool {
		row := &Row[K, P]{at: position{r.walk.scan, h.entry}}
		if q.order != nil {
			row.at.key = nil
		}
		_, err := r.load(h)
		var payload []byte
		if err == nil {
			row.Revision = revisionOf(h.frame)
			payload, err = r.store.payload(h.frame)
		}
		if err == nil {
			err = decodeAs(codec, payload, &row.Value)
		}
		if err == nil {
			row.Key, err = keys.Decode[K](h.primary)
		}
		if err != nil {
			failed = r.failure(h.entry, err)
			return false
		}
		return yield(row)
	})
	if err == nil {
		err = failed
	}
	return err
}
