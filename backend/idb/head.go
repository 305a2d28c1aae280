package idb

import (
	"encoding/binary"
	"slices"

	"github.com/larderdb/larder/internal/pagetree"
)

// A head is the page that a root names: the tables of a checkpoint. Its copy
// differs in its id alone.
type head struct {
	page     pagetree.ID
	commit   uint64 // the newest commit in the checkpoint
	contexts []seen // those that committed last, the latest at the end
	tables   []tableRoot
}

// A seen says how far a context had come.
type seen struct {
	context id
	serial  uint64 // its newest commit's place among its own
}

// A tableRoot is a table of a checkpoint.
type tableRoot struct {
	name string
	root pagetree.Root
}

// maxContexts bounds how many contexts a head lists.
const maxContexts = 256

func (h *head) encode() []byte {
	b := binary.BigEndian.AppendUint64([]byte{kindHead, pagetree.Version}, uint64(h.page))
	b = binary.BigEndian.AppendUint64(b, h.commit)
	b = binary.AppendUvarint(b, uint64(len(h.contexts)))
	for _, c := range h.contexts {
		b = append(b, c.context[:]...)
		b = binary.BigEndian.AppendUint64(b, c.serial)
	}
	b = binary.AppendUvarint(b, uint64(len(h.tables)))
	for _, t := range h.tables {
		b = appendTable(b, t.name)
		b = binary.BigEndian.AppendUint64(b, uint64(t.root.Page))
		b = append(b, t.root.Level)
		b = binary.AppendUvarint(b, t.root.Count)
		b = binary.AppendUvarint(b, t.root.Size)
	}
	return pagetree.Seal(b)
}

// decodeHead returns the head in b, which should be that page.
func decodeHead(page pagetree.ID, b []byte) (head, error) {
	body, err := pagetree.Unseal(kindHead, b)
	if err != nil {
		return head{}, err
	}
	rd := reader{b: body}
	h := head{page: pagetree.ID(rd.uint64()), commit: rd.uint64()}
	contexts := rd.uvarint()
	switch {
	case rd.short:
		return head{}, errShort
	case h.page != page:
		return head{}, corrupt("belongs to another place")
	case h.commit > maxNumber || contexts > maxContexts:
		return head{}, corrupt("holds an impossible number")
	}
	for range contexts {
		h.contexts = append(h.contexts, seen{rd.id(), rd.uint64()})
	}
	for n := rd.uvarint(); n > 0 && !rd.short; n-- {
		t, err := readTableRoot(&rd)
		if err != nil {
			return head{}, err
		}
		if n := len(h.tables); n > 0 && t.name <= h.tables[n-1].name {
			return head{}, corrupt("has tables out of order")
		}
		h.tables = append(h.tables, t)
	}
	switch {
	case rd.short:
		return head{}, errShort
	case len(rd.b) != 0:
		return head{}, corrupt("goes on after its end")
	}
	return h, nil
}

func readTableRoot(rd *reader) (t tableRoot, err error) {
	if t.name, err = rd.table(); err != nil {
		return t, err
	}
	t.root = pagetree.Root{Page: pagetree.ID(rd.uint64()), Level: rd.byte(), Count: rd.uvarint(), Size: rd.uvarint()}
	switch r := t.root; {
	case rd.short:
		return t, errShort
	case r.Page == 0 && r != pagetree.Root{}:
		return t, corrupt("names pairs without a page")
	case r.Page != 0 && r.Count == 0, r.Page > maxNumber, r.Count > maxNumber, r.Size > maxNumber:
		return t, corrupt("holds an impossible number")
	}
	return t, nil
}

// size returns the bytes of all pages that the tables lead to.
func (h *head) size() (n uint64) {
	for _, t := range h.tables {
		n += t.root.Size
	}
	return n
}

// contextsAfter returns the contexts of a head that are known after commits.
func contextsAfter(before []seen, commits []commit) []seen {
	known := map[id]bool{}
	var latest []seen // the latest first
	add := func(s seen) {
		if !known[s.context] && len(latest) < maxContexts {
			known[s.context] = true
			latest = append(latest, s)
		}
	}
	for i := len(commits) - 1; i >= 0; i-- {
		add(seen{commits[i].context, commits[i].serial})
	}
	for i := len(before) - 1; i >= 0; i-- {
		add(before[i])
	}
	slices.Reverse(latest)
	return latest
}

// decodeHeadOf returns the head in b, which should be that page and what r says.
func decodeHeadOf(r *root, page pagetree.ID, b []byte) (head, error) {
	if b == nil {
		return head{}, corrupt("is missing")
	}
	h, err := decodeHead(page, b)
	if err == nil && (h.commit != r.commit || h.size() != r.size) {
		err = corrupt("contradicts the root record")
	}
	return h, err
}
