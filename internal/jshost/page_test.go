//go:build !wasm

package jshost_test

import (
	"strings"
	"testing"

	"github.com/larderdb/larder/internal/jshost"
	"github.com/larderdb/larder/internal/jshost/jshosttest"
)

func TestPagesHaveTheirOwnGlobals(t *testing.T) {
	realm := jshosttest.NewRealm(t, jshost.Config{})
	a, b := page(t, realm), page(t, realm)
	jshosttest.Eval(t, a, "globalThis.mine = 1; var other = 2; typeof mine + typeof self.other", "numbernumber")
	jshosttest.Eval(t, b, "typeof mine + typeof other", "undefinedundefined")
	jshosttest.Eval(t, a, "new Promise((done) => setTimeout(() => done(mine), 1))", int64(1))
	jshosttest.Eval(t, a, "(async () => { await null; await new Promise((f) => setTimeout(f, 1)); return mine; })()", int64(1))
}

func TestBroadcastChannel(t *testing.T) {
	realm := jshosttest.NewRealm(t, jshost.Config{})
	a, b, c := page(t, realm), page(t, realm), page(t, realm)
	const listen = `globalThis.heard = []; globalThis.channel = new BroadcastChannel("news");
		channel.onmessage = (e) => heard.push(e.data.n); "listening"`
	for _, p := range []*jshost.Program{a, b, c} {
		jshosttest.Eval(t, p, listen, "listening")
	}
	c.Kill()
	jshosttest.Eval(t, a, `const message = {n: 1}; channel.postMessage(message); message.n = 2; channel.postMessage(message); heard.length`, int64(0))
	jshosttest.Eval(t, b, `heard.join()`, "1,2")
	jshosttest.Eval(t, a, `heard.join()`, "")
	jshosttest.Eval(t, b, `channel.close(); new Promise((done) => setTimeout(done, 1, heard.length))`, int64(2))
	jshosttest.Eval(t, a, `channel.postMessage({n: 3})`, nil)
	jshosttest.Eval(t, b, `heard.join()`, "1,2")

	without := jshosttest.NewRealm(t, jshost.Config{NoBroadcastChannel: true})
	jshosttest.Eval(t, page(t, without), "typeof BroadcastChannel + typeof navigator.locks", "undefinedobject")
}

func TestLocks(t *testing.T) {
	realm := jshosttest.NewRealm(t, jshost.Config{})
	a, b := page(t, realm), page(t, realm)
	hold := `new Promise((held) => navigator.locks.request("x", {mode: MODE}, () => {
		held("held");
		return new Promise((release) => { globalThis.release = release; });
	}))`
	query := `navigator.locks.query().then((q) => [q.held.length, q.pending.length].join())`
	available := `navigator.locks.request("x", {ifAvailable: true, mode: MODE}, (lock) => String(lock && lock.mode))`
	mode := func(source, m string) string { return strings.ReplaceAll(source, "MODE", `"`+m+`"`) }

	t.Run("exclusive", func(t *testing.T) {
		jshosttest.Eval(t, a, mode(hold, "exclusive"), "held")
		jshosttest.Eval(t, b, query, "1,0")
		jshosttest.Eval(t, b, mode(available, "shared"), "null")
		jshosttest.Eval(t, b, `globalThis.order = []; navigator.locks.request("x", () => order.push("b")); order.length`, int64(0))
		jshosttest.Eval(t, a, query, "1,1")
		jshosttest.Eval(t, a, `release()`, nil)
		jshosttest.Eval(t, b, `navigator.locks.request("x", () => order.join())`, "b")
		jshosttest.Eval(t, b, query, "0,0")
	})
	t.Run("shared", func(t *testing.T) {
		jshosttest.Eval(t, a, mode(hold, "shared"), "held")
		jshosttest.Eval(t, b, mode(available, "shared"), "shared")
		jshosttest.Eval(t, b, mode(available, "exclusive"), "null")
		// One that waits for exclusive use goes before later ones for shared use.
		jshosttest.Eval(t, b, `navigator.locks.request("x", () => 0); 1`, int64(1))
		jshosttest.Eval(t, b, mode(available, "shared"), "null")
		jshosttest.Eval(t, a, `release()`, nil)
		jshosttest.Eval(t, b, query, "0,0")
	})
	t.Run("steal", func(t *testing.T) {
		jshosttest.Eval(t, a, strings.ReplaceAll(mode(hold, "shared"), "new Promise((held) => navigator",
			`new Promise((held) => globalThis.robbed = navigator`), "held")
		jshosttest.Eval(t, b, `navigator.locks.request("x", {steal: true}, (lock) => lock.mode)`, "exclusive")
		jshosttest.Eval(t, a, `robbed.catch((err) => err.name)`, "AbortError")
		jshosttest.Eval(t, a, `release()`, nil) // too late
		jshosttest.Eval(t, b, query, "0,0")
		jshosttest.Eval(t, b, `navigator.locks.request("x", {steal: true, mode: "shared"}, () => 0).catch((err) => err.name)`, "NotSupportedError")
	})
	t.Run("abort", func(t *testing.T) {
		jshosttest.Eval(t, a, mode(hold, "exclusive"), "held")
		jshosttest.Eval(t, b, `const stop = new AbortController();
			const request = navigator.locks.request("x", {signal: stop.signal}, () => "got it").catch((err) => err.name);
			setTimeout(() => stop.abort(), 1);
			request`, "AbortError")
		jshosttest.Eval(t, a, query, "1,0")
	})
	t.Run("a killed page holds none", func(t *testing.T) {
		jshosttest.Eval(t, b, `globalThis.order = []; navigator.locks.request("x", () => order.push("b")); 1`, int64(1))
		a.Kill()
		jshosttest.Eval(t, b, `navigator.locks.request("x", () => order.join())`, "b")
	})
	t.Run("a callback that throws lets go", func(t *testing.T) {
		jshosttest.Eval(t, b, `navigator.locks.request("x", () => { throw new Error("no") }).catch((err) => err.message)`, "no")
		jshosttest.Eval(t, b, query, "0,0")
	})
	t.Run("without", func(t *testing.T) {
		p := page(t, jshosttest.NewRealm(t, jshost.Config{NoLocks: true}))
		jshosttest.Eval(t, p, "typeof navigator.locks + typeof BroadcastChannel", "undefinedfunction")
	})
}

func TestPolyfills(t *testing.T) {
	p := page(t, jshosttest.NewRealm(t, jshost.Config{}))
	for _, tc := range []struct {
		name, source string
		want         any
	}{
		{"microtasks before timers", `new Promise((done) => { const order = [];
			setTimeout(() => { order.push("timer"); done(order.join()); }, 0);
			queueMicrotask(() => order.push("microtask")); order.push("task"); })`, "task,microtask,timer"},
		{"timers in order", `new Promise((done) => { const order = [];
			setTimeout(() => done(order.join()), 20); setTimeout(() => order.push(2), 5); setTimeout(() => order.push(1), 1);
			clearTimeout(setTimeout(() => order.push(3), 1)); })`, "1,2"},
		{"intervals", `new Promise((done) => { let n = 0;
			const id = setInterval(() => { if (++n === 3) { clearInterval(id); done(n); } }, 1); })`, int64(3)},
		{"immediates", `new Promise((done) => { clearImmediate(setImmediate(() => done("cleared"))); setImmediate(done, "ran"); })`, "ran"},
		{"UTF-8 out", `new TextEncoder().encode("aé€😀\ud800").join()`, "97,195,169,226,130,172,240,159,152,128,239,191,189"},
		{"UTF-8 in", `new TextDecoder().decode(new Uint8Array([0xEF,0xBB,0xBF,97,0xE2,0x82,98,0xFF,0xF0,0x9F,0x98,0x80]))`, "a\uFFFDb\uFFFD😀"},
		{"UTF-8 in parts", `(() => { const d = new TextDecoder(); return d.decode(new Uint8Array([0xE2, 0x82]), {stream: true}).length +
			d.decode(new Uint8Array([0xAC]), {stream: true}) + d.decode(); })()`, "0€"},
		{"UTF-8 refused", `try { new TextDecoder("utf-8", {fatal: true}).decode(new Uint8Array([0xFF])) } catch (err) { err.name }`, "TypeError"},
		{"surrogates", `["a😀", "\ud83d", "\ude00\ud83d", ""].map((s) => s.isWellFormed() + s.toWellFormed()).join()`,
			"truea😀,false\uFFFD,false\uFFFD\uFFFD,true"},
		{"random bytes", `crypto.getRandomValues(new Uint8Array(32)).some((b) => b !== 0)`, true},
		{"UUID", `/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID())`, true},
		{"clone", `(() => { const v = {d: new Date(5), m: new Map([[1, new Set([2n])]]), a: [1, , 3], u: new Uint8Array([7]).subarray(0)};
			v.self = v; const c = structuredClone(v);
			return [c !== v, c.self === c, c.d.getTime(), [...c.m.get(1)][0] === 2n, 1 in c.a, c.u[0], c.u.buffer !== v.u.buffer].join(); })()`,
			"true,true,5,true,false,7,true"},
		{"clone refused", `try { structuredClone({f() {}}) } catch (err) { err.name + err.code }`, "DataCloneError25"},
		{"transfer", `(() => { const b = new ArrayBuffer(4); const c = structuredClone(b, {transfer: [b]}); return [b.detached, c.byteLength].join(); })()`, "true,4"},
		{"ports", `new Promise((done) => { const { port1, port2 } = new MessageChannel(); port1.postMessage([1]);
			port2.onmessage = (e) => done(e.data[0]); })`, int64(1)},
		{"abort reason", `(() => { const c = new AbortController(); let n = 0; c.signal.addEventListener("abort", () => n++);
			c.abort("why"); c.abort("again"); return n + c.signal.reason; })()`, "1why"},
		{"events", `(() => { let n = 0; const t = new EventTarget(); t.addEventListener("x", () => n++, {once: true}); t.onx = () => { n += 10; };
			t.dispatchEvent(new Event("x")); t.dispatchEvent(new Event("x")); return n; })()`, int64(21)},
		{"wasm", `WebAssembly.instantiate(new Uint8Array([0,97,115,109,1,0,0,0,1,7,1,96,2,126,126,1,126,3,2,1,0,7,7,1,3,97,100,100,0,0,10,9,1,7,0,32,0,32,1,124,11]))
			.then(({ instance }) => String(instance.exports.add(2n ** 62n, -3n)))`, "4611686018427387901"},
		{"bad wasm", `WebAssembly.compile(new Uint8Array([1])).catch((err) => err.name)`, "CompileError"},
	} {
		t.Run(tc.name, func(t *testing.T) { jshosttest.Eval(t, p, tc.source, tc.want) })
	}
}
