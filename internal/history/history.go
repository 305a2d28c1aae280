// Package history judges what several contexts did to one database at the same
// time, from a record of when each transaction ran, what it read and what it
// wrote.
//
// [CheckLinearizable] holds Updates and Fresh Views to strict serializability,
// by porcupine. [CheckViews] holds plain Views to what they promise: each shows
// one prefix of the commits, with all of its own context's, and never an older
// one than before. Tests that drive browsers write the record as JSON lines;
// the command in check reads it.
package history

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
)

// The kinds of transactions.
const (
	Update = "update"
	Fresh  = "fresh" // a View with Fresh
	View   = "view"  // a plain View
)

// Seq is the register in which each Update of a history for [CheckViews] stores
// the number of its commit: one more than what it reads there.
const Seq = "seq"

// An Op is one transaction that was acknowledged.
type Op struct {
	Tab    int    `json:"tab"`    // the context that ran it
	Kind   string `json:"kind"`   // Update, Fresh or View
	Call   int64  `json:"call"`   // microseconds, no later than it began
	Return int64  `json:"return"` // microseconds, no earlier than it was acknowledged
	// Begin and End number its beginning and its acknowledgement among all those
	// of its context. That order is exact; no clock is.
	Begin int64 `json:"begin"`
	End   int64 `json:"end"`
	// Reads holds what it read from registers before it wrote to them; a
	// register that was never written to is 0.
	Reads map[string]int64 `json:"reads"`
	// Writes holds what it wrote.
	Writes map[string]int64 `json:"writes"`
}

func (op Op) String() string {
	return fmt.Sprintf("%s of tab %d (%d, %d) [%d, %d] read %v, wrote %v",
		op.Kind, op.Tab, op.Begin, op.End, op.Call, op.Return, op.Reads, op.Writes)
}

// before reports whether op is known to have ended before other began: within
// one context by its own order, between two by the clock.
func (op Op) before(other Op) bool {
	if op.Tab == other.Tab {
		return op.End < other.Begin
	}
	return op.Return < other.Call
}

// Read reads a history: one Op in JSON per line, in any order. It is an error
// when there is none, or one doesn't make sense.
func Read(r io.Reader) ([]Op, error) {
	var ops []Op
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		var op Op
		if err := json.Unmarshal(lines.Bytes(), &op); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		switch {
		case op.Kind != Update && op.Kind != Fresh && op.Kind != View:
			return nil, fmt.Errorf("line %d: kind is %q", n, op.Kind)
		case op.Kind != Update && len(op.Writes) > 0:
			return nil, fmt.Errorf("line %d: a view that writes", n)
		case op.Return < op.Call:
			return nil, fmt.Errorf("line %d: it returns before it is called", n)
		case op.End <= op.Begin:
			return nil, fmt.Errorf("line %d: it ends before it begins", n)
		}
		ops = append(ops, op)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(ops) == 0 {
		return nil, fmt.Errorf("the history is empty")
	}
	return ops, nil
}
