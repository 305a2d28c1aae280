package history

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"
)

// The limits of a history.
const (
	maxRegisters = 16
	maxClients   = 64
)

// A turn is a transaction and its place in the order of its context.
type turn struct {
	Op
	client int
	// after holds how many of each client ended before it began.
	after [maxClients]int32
}

// A state is what transactions left; it can be compared.
type state struct {
	registers [maxRegisters]int64
	done      [maxClients]int32 // how many of each client have had their turn
}

// CheckLinearizable returns an error unless the Updates and Fresh Views of ops
// can be put in one order, each at a moment between its call and its return,
// and after those of its own context that ended before it began, in which
// every one reads what those before it left. Plain Views are not looked at.
// When that isn't decided within the timeout, it is an error too; 0 is no
// timeout. Should explain not be empty, it names an HTML file for a picture of
// a history that fails.
func CheckLinearizable(ops []Op, timeout time.Duration, explain string) error {
	places := map[string]int{}
	place := func(register string) int {
		if _, ok := places[register]; !ok {
			places[register] = len(places)
		}
		return places[register]
	}
	var turns []*turn
	for _, op := range ops {
		if op.Kind == View {
			continue
		}
		for register := range op.Reads {
			place(register)
		}
		for register := range op.Writes {
			place(register)
		}
		turns = append(turns, &turn{Op: op})
	}
	if len(places) > maxRegisters {
		return fmt.Errorf("there are %d registers, more than %d", len(places), maxRegisters)
	}
	if n := assignClients(turns); n > maxClients {
		return fmt.Errorf("there are %d clients, more than %d", n, maxClients)
	}
	countBefore(turns)
	var history []porcupine.Operation
	for _, t := range turns {
		history = append(history, porcupine.Operation{ClientId: t.client, Input: t, Call: t.Call, Return: t.Return})
	}
	// The model keeps the order within a context, since times can't: of two
	// contexts that run one transaction right after another each, while the clock
	// shows no more, intervals would put one's first before the other's second.
	model := porcupine.Model{
		Init: func() any { return state{} },
		Step: func(before, input, _ any) (bool, any) {
			s, t := before.(state), input.(*turn)
			for client, n := range t.after {
				if s.done[client] < n {
					return false, before
				}
			}
			for register, value := range t.Reads {
				if s.registers[places[register]] != value {
					return false, before
				}
			}
			for register, value := range t.Writes {
				s.registers[places[register]] = value
			}
			s.done[t.client]++
			return true, s
		},
		DescribeOperation: func(input, _ any) string { return input.(*turn).String() },
		DescribeState:     func(s any) string { return fmt.Sprint(s.(state).registers) },
	}
	result, info := porcupine.CheckOperationsVerbose(model, history, timeout)
	switch result {
	case porcupine.Ok:
		return nil
	case porcupine.Unknown:
		return fmt.Errorf("not decided within %v", timeout)
	}
	err := errors.New("there is no order of the transactions in which each reads what those before it wrote")
	if explain != "" {
		err = errors.Join(err, porcupine.VisualizePath(model, info, explain))
	}
	return err
}

// assignClients numbers the clients of each context so that one's transactions
// don't overlap, nor seem to by the clock, for the picture's sake. It returns
// how many there are.
func assignClients(turns []*turn) int {
	slices.SortFunc(turns, func(a, b *turn) int {
		return cmp.Or(cmp.Compare(a.Tab, b.Tab), cmp.Compare(a.Begin, b.Begin))
	})
	var last []*turn // of each client
	for _, t := range turns {
		t.client = slices.IndexFunc(last, func(l *turn) bool {
			return l.Tab == t.Tab && l.End < t.Begin && l.Return < t.Call
		})
		if t.client < 0 {
			t.client = len(last)
			last = append(last, nil)
		}
		last[t.client] = t
	}
	return len(last)
}

// countBefore sets what each of turns comes after.
func countBefore(turns []*turn) {
	for _, t := range turns {
		for _, other := range turns {
			if other.Tab == t.Tab && other.before(t.Op) {
				t.after[other.client]++
			}
		}
	}
}
