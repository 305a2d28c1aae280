package entity

import (
	"strings"
	"unicode/utf8"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/keys"
)

// MaxIndexKey is the longest encoding of an index key, in bytes. Together with
// its row's primary key, of [keys.MaxPrimaryKey] bytes at most, it makes one
// key of the engine.
const MaxIndexKey = 700

// A Definition is a store as [New] makes it, whatever its types are, or a
// program's own type that embeds one.
type Definition interface {
	schema() *storeSchema

	// base returns the *Store itself, also where the definition is a program's
	// own type around one.
	base() any

	// checkRow returns an error when the stored row can't be read.
	checkRow(primary, frame []byte) error

	// upgradeRow returns the stored row as the store's version writes it, nil
	// when it is of that version or no step leads there.
	upgradeRow(frame []byte) ([]byte, error)

	// indexRow sets list to the keys of the stored row in index i.
	indexRow(i int, primary, frame []byte, list *keyList) error

	// splitEntry returns the primary key in an entry of index i.
	splitEntry(i int, entry []byte) (primary []byte, err error)
}

// A storeSchema is what a definition says about its store, without its types.
// Its address is the definition's identity.
type storeSchema struct {
	name    string
	version uint32
	codec   string
	spec    string
	indexes []*indexSchema
	model   Model      // nil when the codec has none
	steps   migrations // nil when there are none
}

// An indexSchema is what a definition says about one index. Its address is the
// index's identity.
type indexSchema struct {
	name    string
	version uint32
	unique  bool
	spec    string
}

// checkDefinitions returns an error when defs can't be opened together.
func checkDefinitions(defs []Definition) error {
	stores := make(map[string]bool)
	indexes := make(map[*indexSchema]bool)
	for _, d := range defs {
		if d == nil {
			return &Error{Op: "open", Err: failure(backend.ErrInvalid, "a store's definition is nil")}
		}
		s := d.schema()
		if s == nil {
			return &Error{Op: "open", Err: failure(backend.ErrInvalid, "a store's definition wasn't made by New")}
		}
		refuse := func(index string, err error) error {
			return &Error{Op: "open", Store: s.name, Index: index, Err: err}
		}
		if err := checkName(s.name); err != nil {
			return refuse("", err)
		}
		if stores[s.name] {
			return refuse("", failure(backend.ErrInvalid, "two stores have this name"))
		}
		stores[s.name] = true
		if s.codec == "" || !utf8.ValidString(s.codec) {
			return refuse("", failure(backend.ErrInvalid, "the store's codec is nil or has no valid name"))
		}
		if s.version == 0 {
			return refuse("", failure(backend.ErrInvalid, "the store's version is 0: the first is 1"))
		}
		if s.steps != nil {
			if err := s.steps.check(s); err != nil {
				return err
			}
		}
		names := make(map[string]bool)
		for _, x := range s.indexes {
			if x == nil {
				return refuse("", failure(backend.ErrInvalid, "an index is nil or wasn't made by this package's functions"))
			}
			if err := checkName(x.name); err != nil {
				return refuse(x.name, err)
			}
			if x.version == 0 {
				return refuse(x.name, failure(backend.ErrInvalid, "the index's version is 0: the first is 1"))
			}
			if names[x.name] {
				return refuse(x.name, failure(backend.ErrInvalid, "two indexes of the store have this name"))
			}
			if indexes[x] {
				return refuse(x.name, failure(backend.ErrInvalid, "the index belongs to two stores: define one for each"))
			}
			names[x.name], indexes[x] = true, true
		}
	}
	return nil
}

// checkName returns an error when name can't be that of a store or an index.
func checkName(name string) error {
	switch {
	case name == "":
		return failure(backend.ErrInvalid, "name is empty")
	case len(name) > backend.MaxTableName:
		return failure(backend.ErrTooLarge, "name is longer than 128 bytes")
	case !utf8.ValidString(name):
		return failure(backend.ErrInvalid, "name is not valid UTF-8")
	case strings.HasPrefix(name, "_"):
		return failure(backend.ErrInvalid, "names that begin with _ are reserved")
	}
	return nil
}

// appendKey appends the encoding of key, which takes limit bytes at most.
func appendKey[K keys.Key[K]](dst []byte, key K, limit int, what string) ([]byte, error) {
	at := len(dst)
	dst, err := key.AppendKey(dst)
	if err != nil {
		return dst, err
	}
	if len(dst)-at > limit {
		return dst[:at], failure(backend.ErrTooLarge, what)
	}
	if len(dst) == at {
		return dst, failure(backend.ErrInvalid, "key is empty")
	}
	return dst, nil
}

const (
	primaryTooLarge = "primary key is longer than 256 bytes"
	indexTooLarge   = "index key is longer than 700 bytes"
)
