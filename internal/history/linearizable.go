package history

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"
)

// maxRegisters is how many registers a history may have.
const maxRegisters = 16

// registers is the state of the database; it can be compared.
type registers [maxRegisters]int64

// CheckLinearizable returns an error unless the Updates and Fresh Views of ops
// can be put in one order, each at a moment between its call and its return,
// in which every one reads what those before it left. Plain Views are not
// looked at. When that isn't decided within the timeout, it is an error too; 0
// is no timeout. Should explain not be empty, it names an HTML file for a
// picture of a history that fails.
func CheckLinearizable(ops []Op, timeout time.Duration, explain string) error {
	places := map[string]int{}
	place := func(register string) int {
		if _, ok := places[register]; !ok {
			places[register] = len(places)
		}
		return places[register]
	}
	var history []porcupine.Operation
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
		history = append(history, porcupine.Operation{Input: op, Call: op.Call, Return: op.Return})
	}
	if len(places) > maxRegisters {
		return fmt.Errorf("there are %d registers, more than %d", len(places), maxRegisters)
	}
	assignClients(history)
	model := porcupine.Model{
		Init: func() any { return registers{} },
		Step: func(state, input, _ any) (bool, any) {
			s, op := state.(registers), input.(Op)
			for register, value := range op.Reads {
				if s[places[register]] != value {
					return false, state
				}
			}
			for register, value := range op.Writes {
				s[places[register]] = value
			}
			return true, s
		},
		DescribeOperation: func(input, _ any) string { return input.(Op).String() },
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

// assignClients numbers the operations so that those of one number don't
// overlap, which the picture needs.
func assignClients(history []porcupine.Operation) {
	slices.SortFunc(history, func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
	var busy []int64 // until when each client is
	for i, op := range history {
		client := slices.IndexFunc(busy, func(until int64) bool { return until < op.Call })
		if client < 0 {
			client = len(busy)
			busy = append(busy, 0)
		}
		busy[client] = op.Return
		history[i].ClientId = client
	}
}
