package jshost

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dop251/goja"
)

// install runs the polyfills in the realm's global object.
func (r *Realm) install(s *scripts) error {
	r.base = r.vm.GlobalObject()
	r.host = r.vm.NewObject()
	r.setNatives()
	invoke, err := r.vm.RunString("(fn, ...args) => args.length === 0 ? fn() : fn(...args)")
	if err != nil {
		return err
	}
	r.invoke, _ = goja.AssertFunction(invoke)
	for _, script := range s.polyfills {
		if _, err := r.runFunction(script, r.host); err != nil {
			return err
		}
	}
	queueTask := r.vm.ToValue(func(c goja.FunctionCall) goja.Value {
		r.post(nil, c.Argument(0))
		return goja.Undefined()
	})
	poll := r.vm.ToValue(func(c goja.FunctionCall) goja.Value {
		fn := c.Argument(0)
		r.loop.poll(func() { r.call(fn) })
		return goja.Undefined()
	})
	fake, err := r.runFunction(s.indexedDB, queueTask, poll)
	if err != nil {
		return err
	}
	if _, err := r.runFunction(s.strict, r.host, fake); err != nil {
		return err
	}
	pages, err := r.runFunction(s.pages, r.host)
	if err != nil {
		return err
	}
	r.pages = pages.ToObject(r.vm)
	return nil
}

// runFunction runs a script whose value is a function and calls that.
func (r *Realm) runFunction(script *goja.Program, args ...goja.Value) (goja.Value, error) {
	v, err := r.vm.RunProgram(script)
	if err != nil {
		return nil, err
	}
	fn, ok := goja.AssertFunction(v)
	if !ok {
		return nil, fmt.Errorf("a polyfill is %s, not a function", v)
	}
	return fn(goja.Undefined(), args...)
}

// script calls a function that polyfill/page.js returned.
func (r *Realm) script(name string, args ...goja.Value) (goja.Value, error) {
	v, err := r.invoke(goja.Undefined(), append([]goja.Value{r.pages.Get(name)}, args...)...)
	return v, err
}

// post queues a call of fn as a task of p.
func (r *Realm) post(p *Program, fn goja.Value) {
	r.loop.post(task{owner: p, run: func() { r.call(fn) }})
}

// setNatives gives the polyfills what only Go can do.
func (r *Realm) setNatives() {
	vm := r.vm
	set := func(name string, fn func(goja.FunctionCall) goja.Value) { r.host.Set(name, fn) }
	undefined := goja.Undefined()

	features := vm.NewObject()
	features.Set("locks", !r.config.NoLocks)
	features.Set("broadcastChannel", !r.config.NoBroadcastChannel)
	r.host.Set("features", features)
	r.host.Set("timeOrigin", float64(r.loop.origin.UnixMicro())/1000)

	// define makes globals of all pages: (object) => undefined.
	set("define", func(c goja.FunctionCall) goja.Value {
		from := c.Argument(0).ToObject(vm)
		for _, name := range from.Keys() {
			r.base.DefineDataProperty(name, from.Get(name), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
		}
		return undefined
	})
	// onKill has a function called with the number of a page that is gone, onTaskEnd after each task.
	set("onKill", func(c goja.FunctionCall) goja.Value {
		fn, _ := goja.AssertFunction(c.Argument(0))
		r.onKill = append(r.onKill, fn)
		return undefined
	})
	set("onTaskEnd", func(c goja.FunctionCall) goja.Value {
		fn, _ := goja.AssertFunction(c.Argument(0))
		r.taskEnd = append(r.taskEnd, fn)
		return undefined
	})

	// Pages have numbers; 0 is the realm itself.
	set("current", func(goja.FunctionCall) goja.Value {
		if r.current == nil {
			return vm.ToValue(0)
		}
		return vm.ToValue(r.current.id)
	})
	set("alive", func(c goja.FunctionCall) goja.Value {
		p := r.programs[int(c.Argument(0).ToInteger())]
		return vm.ToValue(p != nil && p.alive())
	})
	set("enter", func(c goja.FunctionCall) goja.Value {
		r.enter(r.programs[int(c.Argument(0).ToInteger())])
		return undefined
	})
	set("queueTask", func(c goja.FunctionCall) goja.Value {
		id := int(c.Argument(0).ToInteger())
		if p := r.programs[id]; p != nil || id == 0 {
			r.post(p, c.Argument(1))
		}
		return undefined
	})
	set("observe", r.observe)
	set("die", r.die)
	set("guard", r.guard)

	set("now", func(goja.FunctionCall) goja.Value {
		return vm.ToValue(float64(r.loop.now().Sub(r.loop.origin)/time.Microsecond) / 1000)
	})
	set("setTimer", func(c goja.FunctionCall) goja.Value {
		fn := c.Argument(0)
		t := task{owner: r.current, run: func() { r.call(fn) }}
		return vm.ToValue(r.loop.setTimer(t, c.Argument(1).ToFloat(), c.Argument(2).ToBoolean()))
	})
	set("clearTimer", func(c goja.FunctionCall) goja.Value {
		r.loop.clearTimer(int(c.Argument(0).ToInteger()))
		return undefined
	})
	set("report", func(c goja.FunctionCall) goja.Value {
		r.report(fmt.Errorf("%s", describe(c.Argument(0))))
		return undefined
	})
	set("print", func(c goja.FunctionCall) goja.Value {
		if r.current != nil {
			r.current.print(int(c.Argument(0).ToInteger()), c.Argument(1).String())
		}
		return undefined
	})

	set("random", func(c goja.FunctionCall) goja.Value {
		rand.Read(arguments{vm, c}.bytes(0))
		return undefined
	})
	set("encode", func(c goja.FunctionCall) goja.Value {
		return vm.ToValue(vm.NewArrayBuffer([]byte(c.Argument(0).String())))
	})
	// Go's strings have U+FFFD for what is no pair.
	set("wellFormed", func(c goja.FunctionCall) goja.Value { return vm.ToValue(c.Argument(0).String()) })
	set("decode", func(c goja.FunctionCall) goja.Value {
		a := arguments{vm, c}
		text := a.bytes(0)
		if len(text) >= 3 && string(text[:3]) == "\uFEFF" && !c.Argument(2).ToBoolean() {
			text = text[3:]
		}
		if utf8.Valid(text) {
			return vm.ToValue(string(text))
		}
		if c.Argument(1).ToBoolean() {
			panic(vm.NewTypeError("the encoded data is not valid UTF-8"))
		}
		return vm.ToValue(decodeUTF8(text))
	})
	set("detached", func(c goja.FunctionCall) goja.Value {
		b, ok := c.Argument(0).Export().(goja.ArrayBuffer)
		if !ok {
			panic(vm.NewTypeError("not an ArrayBuffer"))
		}
		return vm.ToValue(b.Detached())
	})
	set("detach", func(c goja.FunctionCall) goja.Value {
		if b, ok := c.Argument(0).Export().(goja.ArrayBuffer); ok {
			b.Detach()
		}
		return undefined
	})

	set("compile", func(c goja.FunctionCall) goja.Value {
		m, err := r.compile(context.Background(), bytes.Clone(arguments{vm, c}.bytes(0)))
		if err != nil {
			panic(vm.NewGoError(err))
		}
		return vm.ToValue(m)
	})
	set("instantiate", func(c goja.FunctionCall) goja.Value {
		return r.newInstance(c.Argument(0).Export().(*wasmModule), c.Argument(1).ToObject(vm), false)
	})
}

// decodeUTF8 puts one U+FFFD for each longest beginning of a character that isn't completed, as the Encoding
// standard does; Go's own conversion puts one for each byte.
func decodeUTF8(b []byte) string {
	var s strings.Builder
	for len(b) > 0 {
		c, n := utf8.DecodeRune(b)
		if c == utf8.RuneError && n == 1 {
			n = brokenLength(b)
		}
		s.WriteRune(c)
		b = b[n:]
	}
	return s.String()
}

// brokenLength returns how many bytes at the beginning of b begin a character that is not completed, at least 1.
func brokenLength(b []byte) int {
	size, low, high := 1, byte(0x80), byte(0xBF)
	switch c := b[0]; {
	case c >= 0xC2 && c <= 0xDF:
		size = 2
	case c >= 0xE0 && c <= 0xEF:
		size = 3
		if c == 0xE0 {
			low = 0xA0
		} else if c == 0xED {
			high = 0x9F
		}
	case c >= 0xF0 && c <= 0xF4:
		size = 4
		if c == 0xF0 {
			low = 0x90
		} else if c == 0xF4 {
			high = 0x8F
		}
	}
	n := 1
	for n < size && n < len(b) && b[n] >= low && b[n] <= high {
		n++
		low, high = 0x80, 0xBF
	}
	return n
}
