//go:build js && wasm

package idb_test

import (
	"syscall/js"
	"testing"
)

// faults makes the next transactions that write fail, in ways that browsers
// have. What it can't make a browser do, it plays with the browser's own means.
const faults = `(() => {
	const plain = IDBDatabase.prototype.transaction;
	let kind, left = 0;
	const failed = (name) => new DOMException("as a test has it", name);
	const kinds = {
		// The connection is closing.
		throws: () => { throw failed("InvalidStateError"); },
		// Aborted, for no reason.
		aborted: (tx) => { tx.commit = () => tx.abort(); },
		// The disk is full.
		full: (tx) => {
			Object.defineProperty(tx, "error", { value: failed("QuotaExceededError") });
			tx.commit = () => tx.abort();
		},
		// Complete, but the storage process has died before it could say so.
		silent: (tx) => {
			Object.defineProperty(tx, "oncomplete", { get: () => null, set: () => {} });
			tx.addEventListener("complete", () => {
				Object.defineProperty(tx, "error", { value: failed("UnknownError") });
				tx.onabort(new Event("abort"));
			});
		},
		// The browser has closed the connection in the middle.
		closed: (tx, db) => {
			tx.commit = () => {
				tx.abort();
				db.close();
				db.onclose(new Event("close"));
			};
		},
	};
	IDBDatabase.prototype.transaction = function (scope, mode, options) {
		const spoil = mode === "readwrite" && left > 0 ? kinds[kind] : undefined;
		if (spoil) left--;
		if (spoil === kinds.throws) spoil();
		const tx = plain.call(this, scope, mode, options);
		spoil?.(tx, this);
		return tx;
	};
	return {
		spoil(name, times) { kind = name; left = times; },
		left: () => left,
		stop() { IDBDatabase.prototype.transaction = plain; },
	};
})()`

// spoil makes the next transactions that write fail, so many of them. Those
// left at the end of the test are an error of it.
func spoil(t *testing.T, kind string, times int) (stop func()) {
	t.Helper()
	f := js.Global().Call("eval", faults)
	f.Call("spoil", kind, times)
	return func() {
		t.Helper()
		f.Call("stop")
		if left := f.Call("left").Int(); left > 0 {
			t.Errorf("%d of %d faults have not happened", left, times)
		}
	}
}
