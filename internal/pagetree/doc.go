// Package pagetree keeps the pairs of a table in an immutable B+tree of byte
// pages, which are somewhere else and fetched one by one: [Tree] reads, [Merge]
// makes the next tree.
//
// Leaves hold the pairs in the order of their keys; long values are pages of
// their own. Inner nodes lead to the pages of the level below, with the lower
// bound of each one's keys and how many pairs and bytes are under it, so that
// counting a range touches its two ends only. docs/FORMAT.md has every byte.
//
//	level 2            ["" | "n"]
//	                   /         \
//	level 1     ["" | "f"]     ["n" | "t"]
//	             /      \        /      \
//	leaves     a b d   f h m   n q s   t w z
//
// Pages are searched where they stand: an entry is found by its offset, and its
// key compared in the page, so that a lookup decodes and allocates nothing. That
// takes trust in every offset and length, which is why [Check] goes through a
// page when it is fetched, once, and why nothing else does. A bound is only as
// long as it must be to lie between two keys.
//
// A page never changes. Merge writes new ones for those that changes fall into
// and for what leads to them, and the new tree shares all others with the old
// one, which goes on to be readable: it is a copy-on-write tree as those of
// LMDB, bbolt and btrfs. Unlike theirs, whose changes come one at a time, all
// changes come at once and in order. So the new tree is made in one pass from its
// leaves up, as a bulk load is, and subtrees without a change are taken into
// it whole. Leaves have no links to their neighbours, since these would have to
// be written again with every change.
//
// Sources: Bayer and McCreight, "Organization and Maintenance of Large Ordered
// Indexes", 1972 (B-tree); Comer, "The Ubiquitous B-Tree", 1979 (B+tree); Bayer
// and Unterauer, "Prefix B-Trees", 1977 (short bounds); Rodeh, "B-trees,
// Shadowing, and Clones", 2008 (copy-on-write as in btrfs).
package pagetree
