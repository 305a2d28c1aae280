//go:build !wasm

package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"syscall"

	berrors "go.etcd.io/bbolt/errors"

	"github.com/larderdb/larder/backend"
)

// failure wraps an error of bbolt or the system in its class. The reason may
// be empty.
func failure(op string, err error, reason string) error {
	return &backend.Error{Class: classify(err), Op: op, Reason: reason, Err: err}
}

// classify says which class an error of bbolt or the system belongs to.
func classify(err error) backend.Class {
	for _, c := range classes {
		if errors.Is(err, c.err) {
			return c.class
		}
	}
	return backend.ErrIO
}

var classes = []struct {
	err   error
	class backend.Class
}{
	{berrors.ErrTimeout, backend.ErrLocked},
	{berrors.ErrInvalid, backend.ErrCorrupt},
	{berrors.ErrChecksum, backend.ErrCorrupt},
	{berrors.ErrVersionMismatch, backend.ErrUnsupported},
	{berrors.ErrDatabaseNotOpen, backend.ErrClosed},
	{berrors.ErrDatabaseReadOnly, backend.ErrReadOnly},
	{berrors.ErrTxNotWritable, backend.ErrReadOnly},
	{berrors.ErrTxClosed, backend.ErrTxDone},
	{berrors.ErrBucketNotFound, backend.ErrTableNotFound},
	{berrors.ErrBucketExists, backend.ErrExists},
	{berrors.ErrBucketNameRequired, backend.ErrInvalid},
	{berrors.ErrKeyRequired, backend.ErrInvalid},
	{berrors.ErrKeyTooLarge, backend.ErrTooLarge},
	{berrors.ErrValueTooLarge, backend.ErrTooLarge},
	{berrors.ErrIncompatibleValue, backend.ErrInvalid},
	{berrors.ErrSameBuckets, backend.ErrInvalid},
	{berrors.ErrDifferentDB, backend.ErrInvalid},
	{berrors.ErrMaxSizeReached, backend.ErrQuota},
	{syscall.ENOSPC, backend.ErrQuota},
	{syscall.EROFS, backend.ErrReadOnly},
}

// damaged is what becomes of a panic of bbolt, or of a fault in the mapped
// file: pages that are not what was written make both.
func damaged(op, table string, key []byte, panicked any) error {
	cause, ok := panicked.(error)
	if !ok {
		cause = fmt.Errorf("%v", panicked)
	}
	return &backend.Error{
		Class: backend.ErrCorrupt, Op: op, Table: table, Key: bytes.Clone(key), Err: cause,
		Reason: "a page of the file is damaged; restore it from a backup",
	}
}
