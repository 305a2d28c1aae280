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
	seen := floors(ops)
	for i, op := range ops {
		version := op.Reads[Seq]
		if version < 0 || version >= int64(len(states)) {
			return fmt.Errorf("%v: there are only %d commits", op, len(commits))
		}
		for register, value := range op.Reads {
			if got := states[version][register]; got != value {
				return fmt.Errorf("%v: after commit %d, %s is %d", op, version, register, got)
			}
		}
		if version > 0 && commits[version-1].Call > op.Return {
			return fmt.Errorf("%v: it shows a commit from after its end: %v", op, commits[version-1])
		}
		if version < seen[i].own {
			return fmt.Errorf("%v: its context had seen commit %d before", op, seen[i].own)
		}
		if op.Kind != View && version < seen[i].all {
			return fmt.Errorf("%v: commit %d was seen before", op, seen[i].all)
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

// A floor is the newest commit that was known when a transaction was called: in
// its own context, and in any.
type floor struct{ own, all int64 }

// floors returns the floor of each transaction.
func floors(ops []Op) []floor {
	type event struct {
		at   int64
		end  bool
		op   int
		seen int64
	}
	var events []event
	for i, op := range ops {
		seen := op.Reads[Seq]
		if op.Kind == Update {
			seen = op.Writes[Seq]
		}
		events = append(events, event{at: op.Call, op: i}, event{at: op.Return, end: true, op: i, seen: seen})
	}
	// What returns in the moment in which another is called is not before it.
	slices.SortFunc(events, func(a, b event) int {
		if a.at != b.at || a.end == b.end {
			return cmp.Compare(a.at, b.at)
		}
		if a.end {
			return 1
		}
		return -1
	})
	own, all := map[int]int64{}, int64(0)
	result := make([]floor, len(ops))
	for _, e := range events {
		tab := ops[e.op].Tab
		if e.end {
			own[tab], all = max(own[tab], e.seen), max(all, e.seen)
		} else {
			result[e.op] = floor{own[tab], all}
		}
	}
	return result
}
