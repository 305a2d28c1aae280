package jshost

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"os"
	"path/filepath"

	"github.com/dop251/goja"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// wasmModule is a compiled module. wazero names the modules that an instance imports per runtime, so each instance
// has a runtime of its own; what they share is the cache of compiled code.
type wasmModule struct {
	binary   []byte
	runtime  wazero.Runtime // of the first instance; nil once that was made
	compiled wazero.CompiledModule
}

// openCompilationCache keeps compiled code in the user's cache directory, or in memory where there is none.
func openCompilationCache() (wazero.CompilationCache, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return wazero.NewCompilationCache(), nil
	}
	return wazero.NewCompilationCacheWithDir(filepath.Join(dir, "larder", "wazero"))
}

func (r *Realm) compile(ctx context.Context, binary []byte) (*wasmModule, error) {
	rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCompilationCache(r.cache))
	compiled, err := rt.CompileModule(ctx, binary)
	if err != nil {
		rt.Close(ctx)
		return nil, err
	}
	return &wasmModule{binary: binary, runtime: rt, compiled: compiled}, nil
}

// instance is a WebAssembly.Instance.
type instance struct {
	realm   *Realm
	program *Program
	main    bool // a Go program that Start started: it can't go on once an exception has unwound it
	module  api.Module
	depth   int // calls into it on the stack
	buffer  goja.ArrayBuffer
	size    uint32
}

// newInstance makes an instance in the current page and returns its exports. It panics with a JavaScript error.
func (r *Realm) newInstance(m *wasmModule, imports *goja.Object, main bool) goja.Value {
	ctx := context.Background()
	if m.runtime == nil {
		again, err := r.compile(ctx, m.binary)
		if err != nil {
			panic(r.vm.NewGoError(err))
		}
		m = again
	}
	in := &instance{realm: r, program: r.current, main: main}
	rt := m.runtime
	m.runtime = nil
	r.current.runtimes = append(r.current.runtimes, rt)
	if err := in.link(ctx, rt, m.compiled, imports); err != nil {
		panic(r.vm.NewGoError(err))
	}
	module, err := rt.InstantiateModule(ctx, m.compiled, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		panic(r.vm.NewGoError(err))
	}
	in.module = module
	exports := r.vm.NewObject()
	for name, def := range module.ExportedFunctionDefinitions() {
		exports.Set(name, in.export(name, def))
	}
	for name := range module.ExportedMemoryDefinitions() {
		exports.Set(name, in.memory(module.ExportedMemory(name)))
	}
	return exports
}

// link gives rt the modules that compiled imports, made of the functions in imports.
func (in *instance) link(ctx context.Context, rt wazero.Runtime, compiled wazero.CompiledModule, imports *goja.Object) error {
	builders := map[string]wazero.HostModuleBuilder{}
	for _, def := range compiled.ImportedFunctions() {
		module, name, _ := def.Import()
		var fn goja.Callable
		if from := imports.Get(module); from != nil && !goja.IsUndefined(from) {
			fn, _ = goja.AssertFunction(from.ToObject(in.realm.vm).Get(name))
		}
		if fn == nil {
			return fmt.Errorf("the import %s.%s is not a function", module, name)
		}
		if builders[module] == nil {
			builders[module] = rt.NewHostModuleBuilder(module)
		}
		builders[module].NewFunctionBuilder().
			WithGoModuleFunction(in.imported(fn, def), def.ParamTypes(), def.ResultTypes()).Export(name)
	}
	for _, b := range builders {
		if _, err := b.Instantiate(ctx); err != nil {
			return err
		}
	}
	return nil
}

// imported calls a JavaScript function from wasm. What it throws unwinds the wasm, up to export.
func (in *instance) imported(fn goja.Callable, def api.FunctionDefinition) api.GoModuleFunc {
	params, results := def.ParamTypes(), def.ResultTypes()
	return func(_ context.Context, _ api.Module, stack []uint64) {
		args := make([]goja.Value, len(params))
		for i, t := range params {
			args[i] = in.toJS(stack[i], t)
		}
		v, err := fn(goja.Undefined(), args...)
		if err != nil {
			panic(err)
		}
		if len(results) > 0 {
			stack[0] = in.toWasm(v, results[0])
		}
	}
}

// export makes an exported function callable from JavaScript.
func (in *instance) export(name string, def api.FunctionDefinition) func(goja.FunctionCall) goja.Value {
	params, results := def.ParamTypes(), def.ResultTypes()
	var free []api.Function // one wazero function may not be called while it runs
	return func(c goja.FunctionCall) goja.Value {
		if !in.program.alive() {
			return goja.Undefined()
		}
		var fn api.Function
		if n := len(free); n > 0 {
			fn, free = free[n-1], free[:n-1]
		} else {
			fn = in.module.ExportedFunction(name)
		}
		stack := make([]uint64, max(len(params), len(results)))
		for i, t := range params {
			stack[i] = in.toWasm(c.Argument(i), t)
		}
		in.depth++
		err := fn.CallWithStack(context.Background(), stack)
		in.depth--
		if err != nil {
			in.throw(err)
		}
		free = append(free, fn)
		if len(results) == 0 {
			return goja.Undefined()
		}
		return in.toJS(stack[0], results[0])
	}
}

// throw goes on unwinding in JavaScript what ended a call of wasm.
func (in *instance) throw(err error) {
	if isInterrupt(err) {
		panic(&goja.InterruptedError{})
	}
	if in.main && in.depth == 0 {
		in.program.crash(err)
	}
	var exception *goja.Exception
	if errors.As(err, &exception) {
		panic(exception.Value())
	}
	trap, newErr := in.realm.vm.New(in.realm.host.Get("runtimeError"), in.realm.vm.ToValue(err.Error()))
	if newErr != nil {
		panic(newErr)
	}
	panic(trap)
}

// isInterrupt reports whether err comes from a killed page.
func isInterrupt(err error) bool {
	var interrupted *goja.InterruptedError
	return errors.As(err, &interrupted)
}

// memory is a WebAssembly.Memory whose buffer is the linear memory itself. When that has grown, the old buffer is
// detached, as in a browser.
func (in *instance) memory(mem api.Memory) *goja.Object {
	vm := in.realm.vm
	o := vm.CreateObject(in.realm.host.Get("memory").ToObject(vm))
	get := vm.ToValue(func(goja.FunctionCall) goja.Value {
		if size := mem.Size(); size != in.size {
			if in.size > 0 {
				in.buffer.Detach()
			}
			data, _ := mem.Read(0, size)
			in.buffer, in.size = vm.NewArrayBuffer(data), size
		}
		return vm.ToValue(in.buffer)
	})
	o.DefineAccessorProperty("buffer", get, nil, goja.FLAG_TRUE, goja.FLAG_TRUE)
	return o
}

func (in *instance) toJS(raw uint64, t api.ValueType) goja.Value {
	vm := in.realm.vm
	switch t {
	case api.ValueTypeI64:
		return vm.ToValue(big.NewInt(int64(raw)))
	case api.ValueTypeF32:
		return vm.ToValue(float64(api.DecodeF32(raw)))
	case api.ValueTypeF64:
		return vm.ToValue(api.DecodeF64(raw))
	default:
		return vm.ToValue(api.DecodeI32(raw))
	}
}

func (in *instance) toWasm(v goja.Value, t api.ValueType) uint64 {
	switch t {
	case api.ValueTypeI64:
		n, ok := v.Export().(*big.Int)
		if !ok {
			panic(in.realm.vm.NewTypeError("%s is not a BigInt", v.String()))
		}
		low := new(big.Int).And(n, new(big.Int).SetUint64(math.MaxUint64))
		return low.Uint64()
	case api.ValueTypeF32:
		return api.EncodeF32(float32(v.ToFloat()))
	case api.ValueTypeF64:
		return api.EncodeF64(v.ToFloat())
	default:
		return api.EncodeI32(toInt32(v))
	}
}

// toInt32 is JavaScript's ToInt32.
func toInt32(v goja.Value) int32 {
	f := v.ToFloat()
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return int32(uint32(int64(math.Mod(math.Trunc(f), 1<<32))))
}
