package wasm

import (
	"errors"
	"strconv"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/internal/msgp"
)

// The codes that have no class of package backend.
const (
	codeInvalidValue = "INVALID_VALUE" // a value, or its key, can't be stored; the error has its path
	codeInternal     = "INTERNAL"      // a defect
)

// classCodes gives each class its code in JavaScript, js/src/errors.ts. A class
// stands before those that it could come with.
var classCodes = [...]struct {
	class backend.Class
	code  string
}{
	{backend.ErrNotFound, "NOT_FOUND"},
	{backend.ErrTableNotFound, "TABLE_NOT_FOUND"},
	{backend.ErrExists, "EXISTS"},
	{backend.ErrUnique, "UNIQUE"},
	{backend.ErrTooLarge, "TOO_LARGE"},
	{backend.ErrCorrupt, "CORRUPT"},
	{backend.ErrSchemaNewer, "SCHEMA_NEWER"},
	{backend.ErrConflict, "CONFLICT"},
	{backend.ErrStale, "STALE"},
	{backend.ErrReadOnly, "READ_ONLY"},
	{backend.ErrNotInMemory, "NOT_IN_MEMORY"},
	{backend.ErrTxDone, "TX_DONE"},
	{backend.ErrNestedTx, "NESTED_TX"},
	{backend.ErrClosed, "CLOSED"},
	{backend.ErrLocked, "LOCKED"},
	{backend.ErrDeleted, "DELETED"},
	{backend.ErrQuota, "QUOTA"},
	{backend.ErrUnsupported, "UNSUPPORTED"},
	{backend.ErrIO, "IO"},
	{backend.ErrInvalid, "INVALID"},
}

// codeOf returns the code that JavaScript knows err by.
func codeOf(err error) string {
	var value *msgp.Error
	if errors.As(err, &value) && value.Class == backend.ErrInvalid {
		return codeInvalidValue
	}
	for _, c := range classCodes {
		if errors.Is(err, c.class) {
			return c.code
		}
	}
	return codeInternal
}

// appendError appends the map that doc.go describes.
func appendError(dst []byte, err error) []byte {
	fields := [][2]string{{"code", codeOf(err)}, {"message", err.Error()}}
	add := func(name, text string) {
		if text != "" {
			fields = append(fields, [2]string{name, text})
		}
	}
	var e *entity.Error
	if errors.As(err, &e) {
		add("op", e.Op)
		add("collection", e.Store)
		add("index", e.Index)
		add("key", e.Key)
	}
	var b *backend.Error
	if e == nil && errors.As(err, &b) {
		add("op", b.Op)
		add("collection", b.Table)
	}
	var value *msgp.Error
	if errors.As(err, &value) {
		add("path", value.Path)
	}
	var quota *backend.QuotaError
	if errors.As(err, &quota) {
		add("used", strconv.FormatUint(quota.Used, 10))
		add("allowed", strconv.FormatUint(quota.Allowed, 10))
	}
	dst = append(dst, 0x80|byte(len(fields)))
	for _, f := range fields {
		dst = appendText(dst, f[0])
		dst = appendText(dst, f[1])
	}
	return dst
}
