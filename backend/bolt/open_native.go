//go:build !wasm

package bolt

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/larderdb/larder/backend"
)

// Options are what Open can be told. The zero value is a good choice.
type Options struct {
	// LockTimeout is how long Open waits for another process to close the
	// file; 0 is one second.
	LockTimeout time.Duration
}

// The engine's own bucket. Its name is not valid UTF-8, so no table has it.
var (
	metaBucket = []byte("\xfflarder")
	formatKey  = []byte("format")
	commitKey  = []byte("commit")
)

// format is the version of what this engine writes beside the tables, as eight
// big-endian bytes under formatKey. The number of the newest commit stands
// likewise under commitKey, from the first commit on.
const format = 1

// Open opens the database in the file called path, and creates it, readable by
// its owner alone, when it is missing. nil options are the zero Options.
//
// While another process, or another Store, has the file open, Open waits for
// Options.LockTimeout and then returns [backend.ErrLocked]; when ctx is done
// first, it returns ctx's error. A file of a newer format is
// [backend.ErrSchemaNewer], one that another program made
// [backend.ErrUnsupported], and one that is damaged, or not bbolt's at all,
// [backend.ErrCorrupt]. None of them is changed.
func Open(ctx context.Context, path string, o *Options) (*Store, error) {
	timeout := time.Second
	if o != nil && o.LockTimeout > 0 {
		timeout = o.LockTimeout
	}
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s, err := openNow(path)
		if !errors.Is(err, berrors.ErrTimeout) {
			return s, err
		}
		again := time.NewTimer(20 * time.Millisecond)
		select {
		case <-ctx.Done():
		case <-again.C:
		case <-deadline.C:
			return nil, &backend.Error{
				Class: backend.ErrLocked, Op: "open", Err: berrors.ErrTimeout,
				Reason: path + " is open in another process, or in another store of this one; close it there, or use another file",
			}
		}
		again.Stop()
	}
}

// openNow opens the file if it isn't locked. A file that is locked is bbolt's
// ErrTimeout, as it is.
func openNow(path string) (s *Store, err error) {
	var file *os.File
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if damage := recover(); damage != nil {
			unlock(file)
			file.Close()
			s, err = nil, damaged("open", "", nil, damage)
		}
	}()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout:         time.Nanosecond, // try once
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: mapSize(path),
		OpenFile: func(name string, flag int, mode os.FileMode) (_ *os.File, err error) {
			file, err = os.OpenFile(name, flag, mode)
			return file, err
		},
	})
	if errors.Is(err, berrors.ErrTimeout) {
		return nil, err
	}
	if err != nil {
		var system syscall.Errno
		class := classify(err)
		if class == backend.ErrIO && !errors.As(err, &system) {
			class = backend.ErrCorrupt // it is the file that bbolt doesn't like
		}
		return nil, &backend.Error{Class: class, Op: "open", Reason: path, Err: err}
	}
	s = &Store{db: db, mapped: mapSize(path), lock: make(chan struct{}, 1)}
	if err := s.readMeta(path); err != nil {
		db.Close()
		return nil, err
	}
	return s, nil
}

// mapSize is how much address space the file gets. bbolt maps it anew when it
// outgrows that, and has to wait for all Views first, while new Views wait
// behind it. So the map is far larger than the file where that costs nothing
// but addresses.
func mapSize(path string) int {
	size := int64(0)
	if info, err := os.Stat(path); err == nil {
		size = info.Size()
	}
	return int(min(max(mapFactor*size, minMap), 1<<(strconv.IntSize-2)))
}

// readMeta learns what the engine's bucket says, and makes it in a new file.
func (s *Store) readMeta(path string) (err error) {
	defer func() {
		if damage := recover(); damage != nil {
			err = damaged("open", "", nil, damage)
		}
	}()
	found, foreign := false, false
	err = s.db.View(func(tx *bbolt.Tx) error {
		if info, err := os.Stat(path); err == nil && info.Size() < tx.Size() {
			return &backend.Error{Class: backend.ErrCorrupt, Op: "open", Reason: path + " has been cut off; restore it from a backup"}
		}
		meta := tx.Bucket(metaBucket)
		if meta == nil {
			name, _ := tx.Cursor().First()
			foreign = name != nil
			return nil
		}
		found = true
		version, err := metaNumber(meta, formatKey)
		if err == nil && version > format {
			return &backend.Error{
				Class: backend.ErrSchemaNewer, Op: "open",
				Reason: path + " has format " + strconv.FormatUint(version, 10) + ", this code knows formats up to " + strconv.Itoa(format) + "; open it with newer code",
			}
		}
		if err == nil {
			s.version, err = metaNumber(meta, commitKey)
		}
		return err
	})
	if err != nil || found {
		return err
	}
	if foreign {
		return &backend.Error{Class: backend.ErrUnsupported, Op: "open", Reason: path + " is a bbolt file of another program; use another file"}
	}
	err = s.db.Update(func(tx *bbolt.Tx) error {
		meta, err := tx.CreateBucket(metaBucket)
		if err != nil {
			return err
		}
		if err := meta.Put(formatKey, binary.BigEndian.AppendUint64(nil, format)); err != nil {
			return err
		}
		return meta.Put(commitKey, make([]byte, 8))
	})
	if err != nil {
		return failure("open", err, path)
	}
	return nil
}

// metaNumber reads one number of the engine's bucket.
func metaNumber(meta *bbolt.Bucket, key []byte) (uint64, error) {
	b := meta.Get(key)
	if len(b) != 8 {
		return 0, &backend.Error{Class: backend.ErrCorrupt, Op: "open", Reason: "the engine's own bucket has no number under " + string(key)}
	}
	return binary.BigEndian.Uint64(b), nil
}
