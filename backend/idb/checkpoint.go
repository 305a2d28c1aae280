package idb

// encodeCheckpoint turns base's snapshot into the records of a checkpoint of
// the given number, hands each to emit, and returns the root that names them.
// It calls rest now and then, so that a long job can be done in turns. An error
// of either ends it.
func encodeCheckpoint(base *state, number uint64, emit func(b []byte) error, rest func() error) (root, error) {
	r := root{db: base.base.root.db, checkpoint: number, commit: base.snap.Version()}
	var page pageWriter
	send := func(b []byte) error {
		r.pages++
		r.size += uint64(len(b))
		return emit(b)
	}
	// fit retries add on the next page when it finds the page full.
	fit := func(add func() bool) error {
		for !add() {
			if err := send(page.finish(number, r.pages)); err != nil {
				return err
			}
		}
		return nil
	}
	n := 0
	for table, pairs := range base.snap.Tables() {
		if err := fit(func() bool { return page.start(table, 0) }); err != nil {
			return r, err
		}
		for kv := range pairs {
			var err error
			if index := r.pages; len(kv.Value) > maxInline {
				if err = send(encodeValue(number, index, kv.Value)); err == nil {
					err = fit(func() bool { return page.addExternal(table, kv.Key, index) })
				}
			} else {
				err = fit(func() bool { return page.add(table, kv.Key, kv.Value) })
			}
			if n++; err == nil && n%64 == 0 {
				err = rest()
			}
			if err != nil {
				return r, err
			}
		}
	}
	if page.empty() {
		return r, nil
	}
	return r, send(page.finish(number, r.pages))
}
