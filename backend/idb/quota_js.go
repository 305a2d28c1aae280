//go:build js && wasm

package idb

import (
	"context"
	"errors"
	"strings"
	"syscall/js"
	"time"

	"github.com/larderdb/larder/backend"
)

const (
	quotaReason = "the browser grants this site no more space: delete data, or ask the user to keep this site's"

	// estimatePatience bounds how long a failure waits to learn how much space
	// there is.
	estimatePatience = time.Second

	// fullMargin is how much space is left at most when the browser gives a
	// transaction up for want of it without saying so: less than a transaction
	// may take.
	fullMargin = 16 << 20
)

// withQuota returns err, or if it says that there is no space, an ErrQuota with
// how much there is.
func (c *conn) withQuota(ctx context.Context, err error) error {
	var e *exception
	if !errors.As(err, &e) || !e.isQuota() {
		return err
	}
	full := &backend.Error{Class: backend.ErrQuota, Reason: quotaReason, Err: err}
	if q := estimate(ctx); q != nil {
		full.Err = q
	}
	return full
}

// withFull is withQuota for an error that the browser gives no reason for.
func (c *conn) withFull(ctx context.Context, err error) error {
	if q := estimate(ctx); q != nil && q.Used+fullMargin > q.Allowed {
		return &backend.Error{Class: backend.ErrQuota, Reason: quotaReason, Err: q}
	}
	return err
}

// isQuota reports whether the browser grants no more space. Firefox had names
// of its own.
func (e *exception) isQuota() bool {
	return e.name == "QuotaExceededError" || strings.HasPrefix(e.name, "NS_ERROR") && strings.Contains(e.name, "QUOTA")
}

// estimate returns how much space this origin has, or nil where the browser
// doesn't say.
func estimate(ctx context.Context) *backend.QuotaError {
	storage, ok := storageManager("estimate")
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, estimatePatience)
	defer cancel()
	var promise js.Value
	err := try(func() { promise = storage.Call("estimate") })
	if err == nil {
		promise, err = await(ctx, promise)
	}
	if err != nil {
		return nil
	}
	used, allowed := promise.Get("usage"), promise.Get("quota")
	if used.Type() != js.TypeNumber || allowed.Type() != js.TypeNumber {
		return nil
	}
	return &backend.QuotaError{Used: uint64(max(0, used.Float())), Allowed: uint64(max(0, allowed.Float()))}
}

// storageManager returns navigator.storage where it has the method.
func storageManager(method string) (js.Value, bool) {
	v := js.Global()
	for _, property := range []string{"navigator", "storage"} {
		if v = v.Get(property); !v.Truthy() {
			return v, false
		}
	}
	return v, v.Get(method).Type() == js.TypeFunction
}

// Persisted reports whether the browser has promised not to delete this site's
// data when the disk runs full. Where the browser doesn't say, it is
// [backend.ErrUnsupported].
func Persisted(ctx context.Context) (bool, error) { return askStorage(ctx, "persisted") }

// Persist asks the browser not to delete this site's data when the disk runs
// full, and reports whether it promises that. Some browsers ask the user, so
// that the answer may take long. It is for windows; in workers, and where the
// browser doesn't have it, it is [backend.ErrUnsupported].
func Persist(ctx context.Context) (bool, error) { return askStorage(ctx, "persist") }

func askStorage(ctx context.Context, method string) (bool, error) {
	storage, ok := storageManager(method)
	if !ok {
		return false, &backend.Error{Class: backend.ErrUnsupported, Op: method, Reason: "this page or worker can't ask the browser for it"}
	}
	var promise js.Value
	err := try(func() { promise = storage.Call(method) })
	if err == nil {
		promise, err = await(ctx, promise)
	}
	if err != nil {
		return false, classify(method, err)
	}
	return promise.Truthy(), nil
}
