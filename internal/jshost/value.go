package jshost

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/big"
	"sort"

	"github.com/dop251/goja"
)

// Exception is what JavaScript threw, or rejected a promise with.
type Exception struct {
	Name    string // such as "TypeError"; empty when it was no Error
	Code    string // its property code, if it has one
	Message string
	Stack   string
}

func (e *Exception) Error() string {
	if e.Name == "" {
		return e.Message
	}
	return e.Name + ": " + e.Message
}

// maxDepth bounds the nesting of values that cross between Go and JavaScript, which may be cyclic.
const maxDepth = 100

// Eval runs source in the program's global object and returns the value of its last expression, or what that
// settles to when it is a promise. undefined and null are nil, numbers int64 or float64, BigInts *big.Int, Dates
// time.Time, buffers and views of them copies as []byte, arrays []any, objects map[string]any. The error is an
// *Exception when JavaScript threw one.
func (p *Program) Eval(ctx context.Context, source string) (any, error) {
	return p.evaluate(ctx, source, false)
}

// Call calls a function of the program's global object, such as "store.put", and returns what Eval would. Of the
// arguments, []byte becomes a Uint8Array; integers beyond 2^53 and *big.Int become BigInts; maps with string keys
// and []any become plain objects and arrays.
func (p *Program) Call(ctx context.Context, function string, args ...any) (any, error) {
	return p.evaluate(ctx, "(...args) => "+function+"(...args)", true, args...)
}

// evaluate evaluates source and, with call, calls the function that this gives.
func (p *Program) evaluate(ctx context.Context, source string, call bool, args ...any) (any, error) {
	type outcome struct {
		value any
		err   error
	}
	r := p.realm
	settled := make(chan outcome, 2)
	err := r.do(ctx, nil, func() {
		if !p.alive() {
			return
		}
		r.enter(p)
		done := func(c goja.FunctionCall) goja.Value {
			v, err := fromJS(c.Argument(0).Export(), 0)
			settled <- outcome{v, err}
			return goja.Undefined()
		}
		fail := func(c goja.FunctionCall) goja.Value {
			settled <- outcome{nil, exception(c.Argument(0))}
			return goja.Undefined()
		}
		list := make([]goja.Value, len(args))
		for i, a := range args {
			list[i] = r.toJS(a)
		}
		_, err := r.script("settle", r.vm.ToValue(source), r.vm.ToValue(call), r.arrayOf(list...),
			r.vm.ToValue(done), r.vm.ToValue(fail))
		if err != nil && p.alive() {
			settled <- outcome{nil, err}
		}
	})
	if err != nil {
		return nil, err
	}
	select {
	case o := <-settled:
		return o.value, o.err
	case <-p.ended:
		return nil, fmt.Errorf("the program is gone: %w", p.reason())
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// reason is why the program is gone, never nil.
func (p *Program) reason() error {
	if p.err == nil {
		return errExited
	}
	return p.err
}

func exception(v goja.Value) *Exception {
	o, ok := v.(*goja.Object)
	if !ok {
		return &Exception{Message: v.String()}
	}
	text := func(name string) string {
		if p := o.Get(name); p != nil && !goja.IsUndefined(p) {
			return p.String()
		}
		return ""
	}
	return &Exception{Name: text("name"), Code: text("code"), Message: text("message"), Stack: text("stack")}
}

// describe is what a console shows of a value that was thrown.
func describe(v goja.Value) string {
	if v == nil {
		return "undefined"
	}
	// fake-indexeddb throws what the handlers of an event threw in an AggregateError.
	if o, ok := v.(*goja.Object); ok {
		if causes, ok := o.Get("errors").(*goja.Object); ok {
			if first, ok := causes.Get("0").(*goja.Object); ok {
				return describe(first)
			}
		}
	}
	if e := exception(v); e.Name != "" {
		if e.Stack != "" {
			return e.Stack
		}
		return e.Error()
	}
	return v.String()
}

// fromJS copies an exported value so that nothing in it belongs to the engine.
func fromJS(v any, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errors.New("the value is nested too deeply")
	}
	switch v := v.(type) {
	case []byte:
		return bytes.Clone(v), nil
	case goja.ArrayBuffer:
		return bytes.Clone(v.Bytes()), nil
	case []any:
		list := make([]any, len(v))
		for i, x := range v {
			var err error
			if list[i], err = fromJS(x, depth+1); err != nil {
				return nil, err
			}
		}
		return list, nil
	case map[string]any:
		object := make(map[string]any, len(v))
		for k, x := range v {
			y, err := fromJS(x, depth+1)
			if err != nil {
				return nil, err
			}
			object[k] = y
		}
		return object, nil
	case func(goja.FunctionCall) goja.Value:
		return nil, errors.New("a function can't leave the realm")
	default:
		return v, nil
	}
}

// toJS makes a JavaScript value of a Go value, plain objects and arrays among them, that shares nothing with it.
func (r *Realm) toJS(v any) goja.Value {
	switch v := v.(type) {
	case nil:
		return goja.Null()
	case []byte:
		buffer := r.vm.ToValue(r.vm.NewArrayBuffer(bytes.Clone(v)))
		view, err := r.vm.New(r.base.Get("Uint8Array"), buffer)
		if err != nil {
			panic(err)
		}
		return view
	case []any:
		list := make([]goja.Value, len(v))
		for i, x := range v {
			list[i] = r.toJS(x)
		}
		return r.arrayOf(list...)
	case map[string]any:
		o := r.vm.NewObject()
		names := make([]string, 0, len(v))
		for k := range v {
			names = append(names, k)
		}
		sort.Strings(names)
		for _, k := range names {
			o.Set(k, r.toJS(v[k]))
		}
		return o
	case int64:
		if v > 1<<53 || v < -1<<53 {
			return r.vm.ToValue(big.NewInt(v))
		}
		return r.vm.ToValue(v)
	case uint64:
		if v > 1<<53 {
			return r.vm.ToValue(new(big.Int).SetUint64(v))
		}
		return r.vm.ToValue(int64(v))
	default:
		return r.vm.ToValue(v)
	}
}

func (r *Realm) arrayOf(values ...goja.Value) goja.Value {
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = v
	}
	return r.vm.NewArray(list...)
}
