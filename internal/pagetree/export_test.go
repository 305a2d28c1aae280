package pagetree

import (
	"context"
	"iter"
)

// MergeSized is Merge with other sizes of pages, so that small tests get high
// trees.
func MergeSized(ctx context.Context, t Tree, changes iter.Seq[Change], w Writer, leaf, inner, inline int) (Root, error) {
	return merge(ctx, &t, changes, w, sizes{leaf, inner, inline})
}
