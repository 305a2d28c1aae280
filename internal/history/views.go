package history

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// CheckViews returns an error unless ops keep what Updates and Views promise.
// Each Update must write one more to the register [Seq] than it reads there,
// and each View must read it; so the history says itself which prefix of the
// commits a transaction saw. Then:
//
//   - the numbers of Updates are 1, 2, 3, … without a gap or a repetition;
//   - a transaction reads what the prefix left in every register;
//   - none shows a commit that wasn't called yet when it returned;
//   - a View of a context shows no older prefix than what any of its Views had
//     shown, and any of its Updates committed, before it was called;
//   - an Update, or a View with Fresh, shows no older prefix than that of any
//     context.
func CheckViews(ops []Op) error {
	commits, states, err := replay(ops)
	if err != nil {
		return err
	}
	for _, op := range ops {
		version := op.Reads[Seq]
		if version < 0 || version >= int64(len(states)) {
			return fmt.Errorf("%v: there are only %d commits", op, len(commits))
		}
		for register, value := range op.Reads {
			if got := states[version][register]; got != value {
				return fmt.Errorf("%v: after commit %d, %s is %d", op, version, register, got)
			}
		}
		for _, commit := range commits[:version] {
			if op.before(commit) {
				return fmt.Errorf("%v: it shows a commit from after its end: %v", op, commit)
			}
		}
		own, all := floors(ops, op)
		if version < own {
			return fmt.Errorf("%v: its context had seen commit %d before", op, own)
		}
		if op.Kind != View && version < all {
			return fmt.Errorf("%v: commit %d was seen before", op, all)
		}
	}
	return nil
}

// replay returns the Updates in the order of their commits, and the registers
// after each: states[n] after n commits.
func replay(ops []Op) (commits []Op, states []map[string]int64, err error) {
	for _, op := range ops {
		if _, ok := op.Reads[Seq]; !ok {
			return nil, nil, fmt.Errorf("%v: it didn't read %s", op, Seq)
		}
		if op.Kind == Update {
			commits = append(commits, op)
		}
	}
	slices.SortFunc(commits, func(a, b Op) int { return cmp.Compare(a.Writes[Seq], b.Writes[Seq]) })
	state := map[string]int64{}
	states = append(states, maps.Clone(state))
	for i, op := range commits {
		if number := int64(i) + 1; op.Writes[Seq] != number || op.Reads[Seq] != number-1 {
			return nil, nil, fmt.Errorf("%v: it should be commit %d", op, number)
		}
		maps.Copy(state, op.Writes)
		states = append(states, maps.Clone(state))
	}
	return commits, states, nil
}

// floors returns the newest commit that op has to know of: the newest one that
// was known in its own context, and in any, when op began.
func floors(ops []Op, op Op) (own, all int64) {
	for _, other := range ops {
		if !other.before(op) {
			continue
		}
		seen := other.Reads[Seq]
		if other.Kind == Update {
			seen = other.Writes[Seq]
		}
		all = max(all, seen)
		if other.Tab == op.Tab {
			own = max(own, seen)
		}
	}
	return own, all
}
